// SPDX-License-Identifier: Apache-2.0
// Tells the log once that something does not work, once that it is now for another reason, and once
// that it works again: the rest of the time a service looks every few seconds and says nothing.
// Covered by tests/unit/base/trouble_log_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/log.hpp"

namespace kith {

/// What is told; literals.
struct TroubleWords {
    LogLevel level = LogLevel::Warning;
    std::string_view came{};   ///< with the trouble behind it
    std::string_view field{};  ///< unless this names the field that the trouble is put into
    std::string_view over{};   ///< "" = not told
};

/// One trouble. One thread.
class TroubleLog {
public:
    explicit TroubleLog(const TroubleWords& words) : words_(words) {}
    /// `now`: what is wrong, "" = nothing. Before the first call nothing was.
    void look(std::string now);

private:
    TroubleWords words_;
    std::string last_;
};

}  // namespace kith
