// SPDX-License-Identifier: Apache-2.0
#include "engine/message/date.hpp"

#include <optional>
#include <string>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

TEST_CASE("dates are read in the forms that mail programs write") {
    struct Row {
        std::string field, time;
        std::optional<int> offset;
    };
    const auto row = GENERATE(values<Row>({
        {"Mon, 02 Mar 2026 09:15:00 +0100", "2026-03-02T08:15:00Z", 60},
        {"2 Mar 2026 09:15 -0530", "2026-03-02T14:45:00Z", -330},
        {"Mon, 2 Mar 26 09:15:00 GMT", "2026-03-02T09:15:00Z", 0},
        {"Mon, 02 Mar 1998 09:15:00 EST", "1998-03-02T14:15:00Z", -300},
        {"Mon, 02 Mar 98 09:15:00 PDT", "1998-03-02T16:15:00Z", -420},
        {"Mon, 02 Mar 2026 09:15:00 +0000 (UTC)", "2026-03-02T09:15:00Z", 0},
        {"Mon (day), 02 Mar 2026 09:15:00 +01:00", "2026-03-02T08:15:00Z", 60},
        {"Mon Mar  2 09:15:00 2026", "2026-03-02T09:15:00Z", std::nullopt},
        {"Mon, 02-Mar-2026 09:15:00 +0100", "2026-03-02T08:15:00Z", 60},
        {"Mon, 02 Mar 2026 9.15.00 +0100", "2026-03-02T08:15:00Z", 60},
        {"Mon, 02 Mar 2026 23:59:60 +0000", "2026-03-02T23:59:59Z", 0},
        // The time is known, the place is not.
        {"Mon, 02 Mar 2026 09:15:00 -0000", "2026-03-02T09:15:00Z", std::nullopt},
        {"Mon, 02 Mar 2026 09:15:00", "2026-03-02T09:15:00Z", std::nullopt},
        {"Mon, 02 Mar 2026 09:15:00 XYZ", "2026-03-02T09:15:00Z", std::nullopt},
    }));
    INFO(row.field);
    const auto date = parse_date(row.field);
    REQUIRE(date);
    CHECK(iso8601(date->time) == row.time);
    CHECK(date->utc_offset_minutes == row.offset);
}

TEST_CASE("what is no date gives none") {
    const auto field = GENERATE(values<std::string>(
        {"", "now", "Mon, 32 Mar 2026 09:15:00 +0100", "Mon, 29 Feb 2026 09:15:00 +0100",
         "Mon, 02 Foo 2026 09:15:00", "Mon, 02 Mar 2026", "Mon, 02 Mar 2026 24:00:00 +0000",
         "02 Mar 1969 09:15:00 +0000", "02 Mar 2200 09:15:00 +0000", "02 Mar 99999 09:15:00 +0000",
         "((((((((", "-1 Mar 2026 09:15:00"}));
    INFO(field);
    CHECK_FALSE(parse_date(field));
}
