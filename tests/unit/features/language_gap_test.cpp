// SPDX-License-Identifier: Apache-2.0
// What the feature language_gap sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::language_gap;

TEST_CASE("the gap to the site is a number once the sender has a history") {
    Relations r;
    r.language = true;
    r.word_gap = 2.5;
    CHECK(see(kId, r) == "(nothing)");
    r.history_bucket = 1;
    CHECK(see(kId, r) == "number 2.5");
}

}  // namespace
