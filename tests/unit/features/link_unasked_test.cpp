// SPDX-License-Identifier: Apache-2.0
// What the feature link_unasked sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_unasked;

TEST_CASE("a new link beside which nothing is asked has something to speak for it") {
    Relations r;
    CHECK(see(kId, r) == "(nothing)");
    r.new_link = true;
    CHECK(see(kId, r) == "number 1.");
    r.link_asks = 0b100;
    CHECK(see(kId, r) == "(nothing)");
}

TEST_CASE("a link beside which nothing is asked speaks for mail with a new link") {
    CHECK(feature_spec(index_of(kId)).relieves == Stratum::NewLink);
}

}  // namespace
