// SPDX-License-Identifier: Apache-2.0
// What the feature display_name sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::display_name;

TEST_CASE("the first From mailbox's name is a value") {
    CHECK(see(kId, from("ann", "example.com", "Ann Example")) == "Ann Example");
    CHECK(see(kId, from("ann", "example.com")) == "(absent)");
    CHECK(see(kId, Look{}) == "(nothing)");
}

}  // namespace
