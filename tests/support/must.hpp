// SPDX-License-Identifier: Apache-2.0
// For tests that cannot go on without a result.
#pragma once

#include <utility>

#include "engine/base/result.hpp"
#include "tests/support/catch.hpp"

namespace kith::test {

/// The value, or the test fails with the error's text.
template <class T>
T must(Result<T> result) {
    if (!result) FAIL(result.error().text());
    return std::move(result).value();
}

}  // namespace kith::test
