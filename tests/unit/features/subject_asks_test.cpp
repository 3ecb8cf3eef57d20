// SPDX-License-Identifier: Apache-2.0
// What the feature subject_asks sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::subject_asks;

TEST_CASE("a subject that asks is told from one that does not") {
    CHECK(see(kId, with_subject("Please confirm your account")) == "yes");
    CHECK(see(kId, with_subject("Minutes of the board")) == "no");
    CHECK(see(kId, Look{}) == "no");
}

}  // namespace
