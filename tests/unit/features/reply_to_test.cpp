// SPDX-License-Identifier: Apache-2.0
// What the feature reply_to sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::reply_to;

Look answers_to(std::vector<Mailbox> to) {
    Look look = from("ann", "mail.example.com");
    look.message.reply_to = std::move(to);
    return look;
}

TEST_CASE("where answers go is told by its relation to the From address") {
    CHECK(see(kId, answers_to({})) == "nowhere else");
    CHECK(see(kId, answers_to({mailbox("Ann", "mail.example.com")})) == "the same address");
    CHECK(see(kId, answers_to({mailbox("desk", "example.com")})) ==
          "an address of the same organisation");
    CHECK(see(kId, answers_to({mailbox("ann", "x.example.net")})) == "example.net");
    CHECK(see(kId, answers_to({mailbox("ann", "")})) == "an address without domain");
}

TEST_CASE("a foreign address behind the genuine one is not hidden by it") {
    CHECK(see(kId, answers_to({mailbox("ann", "mail.example.com"),
                               mailbox("ann", "example.net")})) == "example.net");
}

TEST_CASE("a mail without From still tells that answers go elsewhere") {
    Look look = answers_to({mailbox("ann", "example.net")});
    look.message.from.clear();
    CHECK(see(kId, look) == "an address");
}

}  // namespace
