// SPDX-License-Identifier: Apache-2.0
// What the feature link_words sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_words;

TEST_CASE("the share of unknown words in the link is a number where it has words") {
    Relations r;
    r.url_known = 0.25;
    CHECK(see(kId, r) == "(nothing)");
    r.url_words = true;
    CHECK(see(kId, r) == "number 0.75");
}

}  // namespace
