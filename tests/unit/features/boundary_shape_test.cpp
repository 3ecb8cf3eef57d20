// SPDX-License-Identifier: Apache-2.0
// What the feature boundary_shape sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::boundary_shape;

TEST_CASE("boundaries of one library have one shape") {
    Look a, b;
    a.message.boundary = "----=_Part_123_4567.89";
    b.message.boundary = "----=_Part_456_9999.11";
    CHECK(see(kId, a) == "----=_M2_02_02.01");
    CHECK(see(kId, b) == see(kId, a));
    b.message.boundary = "000000000000abcdef";
    CHECK(see(kId, b) == "h5");
}

TEST_CASE("a mail of one part says nothing") { CHECK(see(kId, Look{}) == "(nothing)"); }

}  // namespace
