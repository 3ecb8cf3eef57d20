// SPDX-License-Identifier: Apache-2.0
// What the feature link_tenant sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_tenant;

TEST_CASE("the newest tenant counts by who used it before") {
    Relations r;
    CHECK(see(kId, r) == "(absent)");
    r.tenant = Novelty::Site1;
    CHECK(see(kId, r) == "hardly anybody here ever used");
    r.tenant = Novelty::Domain;
    CHECK(see(kId, r) == "only colleagues of this sender used before");
}

}  // namespace
