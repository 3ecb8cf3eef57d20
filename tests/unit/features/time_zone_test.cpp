// SPDX-License-Identifier: Apache-2.0
// What the feature time_zone sees in a mail. Its contract with all others: contract_test.cpp.
#include <limits>

#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::time_zone;

TEST_CASE("the zone is the Date field's offset with its sign") {
    const auto [minutes, expected] =
        GENERATE(table<int, const char*>({{0, "UTC+00:00"},
                                          {60, "UTC+01:00"},
                                          {-210, "UTC-03:30"},
                                          {345, "UTC+05:45"},
                                          {std::numeric_limits<int>::min(), "UTC-99:59"}}));
    Look look;
    look.message.date_utc_offset_minutes = minutes;
    CHECK(see(kId, look) == expected);
}

TEST_CASE("a mail without a readable Date has no zone") { CHECK(see(kId, Look{}) == "(absent)"); }

}  // namespace
