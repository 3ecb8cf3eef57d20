// SPDX-License-Identifier: Apache-2.0
// What the feature language_unseen sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::language_unseen;

TEST_CASE("the share of unseen words is a number once the sender has a history") {
    Relations r;
    r.language = true;
    r.unseen = 0.75;
    CHECK(see(kId, r) == "(nothing)");
    r.history_bucket = 3;
    CHECK(see(kId, r) == "number 0.75");
}

}  // namespace
