// SPDX-License-Identifier: Apache-2.0
// How a benchmark ends when what it measures does not work.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "engine/base/result.hpp"

namespace kith::test {

/// Ends the program; `why` is printed behind its name.
[[noreturn]] inline void stop(const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
    std::exit(1);
}

/// The value, or the end of the program with the error's text.
template <class T>
T must(Result<T> r) {
    if (!r) stop(r.error().text());
    return std::move(r).value();
}

}  // namespace kith::test
