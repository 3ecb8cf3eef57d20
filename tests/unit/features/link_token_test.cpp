// SPDX-License-Identifier: Apache-2.0
// What the feature link_token sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_token;

TEST_CASE("one link with a token is enough") {
    Look look;
    CHECK(see(kId, look) == "(nothing)");
    look.observations.links.resize(2);
    CHECK(see(kId, look) == "no");
    look.observations.links.back().has_token = true;
    CHECK(see(kId, look) == "yes");
}

}  // namespace
