// SPDX-License-Identifier: Apache-2.0
// What the feature sender_field sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::sender_field;

Look sent_by(Mailbox sender) {
    Look look = from("ann", "mail.example.com");
    look.message.sender = std::move(sender);
    return look;
}

TEST_CASE("the Sender field is told by its relation to the From address") {
    CHECK(see(kId, from("ann", "example.com")) == "nobody else");
    CHECK(see(kId, sent_by(mailbox("ANN", "mail.example.com"))) == "the same address");
    CHECK(see(kId, sent_by(mailbox("bob", "example.com"))) == "a colleague");
    CHECK(see(kId, sent_by(mailbox("list", "lists.example.net"))) == "example.net");
}

}  // namespace
