// SPDX-License-Identifier: Apache-2.0
// What the feature phone_number sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::phone_number;

TEST_CASE("a phone number counts by who used it before") {
    Relations r;
    CHECK(see(kId, r) == "(absent)");
    r.phone = Novelty::Site5;
    CHECK(see(kId, r) == "others here use, but never this sender");
}

}  // namespace
