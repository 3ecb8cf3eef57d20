// SPDX-License-Identifier: Apache-2.0
// What the feature client_domain sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::client_domain;

TEST_CASE("the client's verified name counts by its organisation") {
    Look look;
    look.arrival.client_addr = "192.0.2.1";
    look.arrival.client_name = "MX7.mail.example.com";
    CHECK(see(kId, look) == "example.com");
}

TEST_CASE(
    "a client without a verified name is absence that informs, an unknown client says nothing") {
    Look look;
    CHECK(see(kId, look) == "(nothing)");
    look.arrival.client_addr = "192.0.2.1";
    CHECK(see(kId, look) == "(absent)");
}

}  // namespace
