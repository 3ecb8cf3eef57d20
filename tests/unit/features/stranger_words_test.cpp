// SPDX-License-Identifier: Apache-2.0
// What the feature stranger_words sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::stranger_words;

TEST_CASE("newcomers' words are a number once the sender has a history and the site knows them") {
    Relations r;
    r.language = true;
    r.stranger_words = .75;
    CHECK(see(kId, r) == "(nothing)");
    r.history_bucket = 1;
    CHECK(see(kId, r) == "(nothing)");
    r.has_stranger_words = true;
    CHECK(see(kId, r) == "number 0.75");
}

}  // namespace
