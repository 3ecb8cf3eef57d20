// SPDX-License-Identifier: Apache-2.0
// Date and time of Date and Received fields (RFC 5322, section 3.3, with the obsolete forms and
// what mail programs write). Covered by tests/unit/message/date_test.cpp.
#pragma once

#include <optional>
#include <string_view>

#include "engine/base/clock.hpp"

namespace kith::mail {

struct MailDate {
    Time time{};
    /// Minutes east of UTC; absent for "-0000" and unknown zone names: the time is known, the place
    /// is not.
    std::optional<int> utc_offset_minutes;
};

/// nullopt when no date can be read. Years 1970 to 2199; two digits mean 1950 to 2049. Total.
[[nodiscard]] std::optional<MailDate> parse_date(std::string_view field);

}  // namespace kith::mail
