// SPDX-License-Identifier: Apache-2.0
// What the feature message_id_host sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::message_id_host;

TEST_CASE("the right side of the Message-ID is folded like a host name") {
    Look look;
    look.message.message_id = "x@y@web12.Mail.example.com";
    CHECK(see(kId, look) == "web0.mail.example.com");
    look.message.message_id = "no-at-sign";
    CHECK(see(kId, look).empty());
}

TEST_CASE("a mail without Message-ID is absence that informs") {
    CHECK(see(kId, Look{}) == "(absent)");
}

}  // namespace
