// SPDX-License-Identifier: Apache-2.0
// What the feature submit_network sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::submit_network;

TEST_CASE("the oldest hop with an address is where the mail was submitted") {
    Look look;
    look.message.received = {hop("mx", "192.0.2.1", "mx.own.example"),
                             hop("laptop", "198.51.100.9", "smtp.example.com"),
                             hop("inside", "", "smtp.example.com")};
    CHECK(see(kId, look) == "198.51");
}

TEST_CASE("a chain without a readable address has no submission network") {
    Look look;
    look.message.received = {hop("a", "not-an-address", "b")};
    CHECK(see(kId, look) == "(absent)");
    CHECK(see(kId, Look{}) == "(absent)");
}

}  // namespace
