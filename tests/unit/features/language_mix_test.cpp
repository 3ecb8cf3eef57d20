// SPDX-License-Identifier: Apache-2.0
// What the feature language_mix sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::language_mix;

TEST_CASE("the fit of the words is a number where language could be judged") {
    Relations r;
    r.mix = 1.5;
    CHECK(see(kId, r) == "(nothing)");
    r.language = true;
    CHECK(see(kId, r) == "number 1.5");
}

}  // namespace
