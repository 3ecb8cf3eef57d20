// SPDX-License-Identifier: Apache-2.0
// What the feature payment_data sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::payment_data;

TEST_CASE("payment data counts by who used it before") {
    Relations r;
    CHECK(see(kId, r) == "(absent)");
    r.payment = Novelty::Never;
    CHECK(see(kId, r) == "never seen here before");
    r.payment = Novelty::Sender;
    CHECK(see(kId, r) == "this sender used before");
}

}  // namespace
