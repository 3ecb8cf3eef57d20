// SPDX-License-Identifier: Apache-2.0
#include "engine/base/recent_set.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("what comes twice is found among the last that were new, and no longer") {
    RecentSet<std::string> seen(2);
    CHECK(seen.add("a"));
    CHECK(seen.add("b"));
    CHECK_FALSE(seen.add("a"));
    CHECK(seen.add("c"));  // "a" is the oldest of three, though it was just seen
    CHECK_FALSE(seen.add("b"));
    CHECK_FALSE(seen.add("c"));
    CHECK(seen.add("a"));
    CHECK(seen.add("b"));
}
