// SPDX-License-Identifier: Apache-2.0
// What the feature account_from sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::account_from;

TEST_CASE(
    "a login's usual address, a new one and another's are told apart; no login says nothing") {
    Relations r;
    CHECK(see(kId, r) == "(nothing)");
    r.account_from = AccountFrom::Usual;
    CHECK(see(kId, r) == "is written as an address that its login uses");
    r.account_from = AccountFrom::New;
    CHECK(see(kId, r) == "is written as an address that its login never used before");
    r.account_from = AccountFrom::Others;
    CHECK(see(kId, r).ends_with("never used before, and that is another login's"));
}

}  // namespace
