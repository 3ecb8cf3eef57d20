// SPDX-License-Identifier: Apache-2.0
// What the feature priority sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::priority;

TEST_CASE("the first priority field counts") {
    CHECK(see(kId, with_headers({{"Importance", " High "}})) == "Importance high");
    CHECK(see(kId, with_headers({{"Importance", "high"}, {"X-Priority", "1"}})) == "X-Priority 1");
    CHECK(see(kId, with_headers({{"Precedence", "bulk"}})) == "(absent)");
}

}  // namespace
