// SPDX-License-Identifier: Apache-2.0
// What the feature link_host sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_host;

TEST_CASE("the newest host counts by who used it before") {
    Relations r;
    CHECK(see(kId, r) == "(absent)");
    r.host = Novelty::Sender;
    CHECK(see(kId, r) == "this sender used before");
    r.host = Novelty::Never;
    CHECK(see(kId, r) == "never seen here before");
}

TEST_CASE("a new tenant on a known host is not a new host") {
    Relations r;
    r.host = Novelty::Sender;
    r.tenant = Novelty::Never;
    CHECK(see(kId, r) == "this sender used before");
}

}  // namespace
