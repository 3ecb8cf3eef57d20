// SPDX-License-Identifier: Apache-2.0
// What the feature link_shape sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_shape;

TEST_CASE("the first link's shape is the value") {
    Look look;
    CHECK(see(kId, look) == "(nothing)");
    look.observations.links.resize(2);
    look.observations.links[0].shape = 7;
    look.observations.links[1].shape = 8;
    CHECK(see(kId, look) == "7");
}

}  // namespace
