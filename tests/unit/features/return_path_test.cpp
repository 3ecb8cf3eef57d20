// SPDX-License-Identifier: Apache-2.0
// What the feature return_path sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::return_path;

TEST_CASE("the envelope sender is told by its relation to the From address") {
    const auto [mail_from, expected] = GENERATE(table<const char*, const char*>({
        {"ann@mail.example.com", "the From address"},
        {"Ann@Mail.Example.com", "the From address"},
        {"", "empty"},
        {"bounce@mail.example.com", "of the same domain"},
        {"bounce@out.example.com", "of the same organisation"},
        {"x@example.net", "of example.net"},
        {"prvs=1234567890=ann@mail.example.com", "the From address"},
        {"SRS0=ab12=XY=mail.example.com=ann@forward.example.net", "the From address"},
        {"SRS1=ab12=first.example.net==cd34=XY=mail.example.com=ann@second.example.org",
         "the From address"},
        {"ann+bounce=bob=own.example@mail.example.com", "the From address"},
    }));
    Look look = from("ann", "mail.example.com");
    look.arrival.mail_from = mail_from;
    CHECK(see(kId, look) == expected);
}

TEST_CASE("a mail without From has no relation") {
    Look look;
    look.arrival.mail_from = "ann@example.com";
    CHECK(see(kId, look) == "(nothing)");
}

}  // namespace
