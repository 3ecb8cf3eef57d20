// SPDX-License-Identifier: Apache-2.0
// What the feature client_network sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::client_network;

TEST_CASE("the client's network is a /16 of IPv4 and a /48 of IPv6") {
    Look look;
    look.arrival.client_addr = "192.0.2.77";
    CHECK(see(kId, look) == "192.0");
    look.arrival.client_addr = "2001:db8:12:34::1";
    CHECK(see(kId, look) == "2001:db8:12");
    look.arrival.client_addr = "10.1.2.3";
    CHECK(see(kId, look) == "private");
}

TEST_CASE("an unknown client address says nothing, a broken one is a value of its own") {
    Look look;
    CHECK(see(kId, look) == "(nothing)");
    look.arrival.client_addr = "192.0.2.777";
    CHECK(see(kId, look) == "?");
}

}  // namespace
