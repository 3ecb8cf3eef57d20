// SPDX-License-Identifier: Apache-2.0
// What the feature list_kind sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::list_kind;

TEST_CASE("the kind of mail is read off its header") {
    CHECK(see(kId, with_headers({{"Subject", "hello"}})) == "personal mail");
    CHECK(see(kId, with_headers({{"List-Unsubscribe", "<https://example.com/u>"}})) ==
          "newsletter");
    CHECK(see(kId, with_headers({{"List-Id", "a"}, {"List-Post", "b"}})) == "list mail");
    CHECK(see(kId, with_headers({{"Auto-Submitted", "auto-replied"}})) == "automatic reply");
    CHECK(see(kId, with_headers({{"Auto-Submitted", "auto-generated"}})) == "notification");
    CHECK(see(kId, with_headers({{"Precedence", "Bulk"}})) == "bulk mail");
    CHECK(see(kId, with_headers({{"X-RT-Ticket", "a #1"}})) == "ticket");
    CHECK(see(kId, with_headers({{"X-Cron-Env", "a"}})) == "automated report");
}

TEST_CASE("Auto-Submitted: no is a person's mail") {
    CHECK(see(kId, with_headers({{"Auto-Submitted", " No "}})) == "personal mail");
}

TEST_CASE("calendar parts and delivery reports come before header fields") {
    Look look = with_headers({{"List-Id", "a"}});
    look.message.parts = {part("text/calendar")};
    CHECK(see(kId, look) == "calendar mail");
    look.message.parts = {part("message/delivery-status")};
    CHECK(see(kId, look) == "bounce");
}

}  // namespace
