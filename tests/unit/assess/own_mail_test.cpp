// SPDX-License-Identifier: Apache-2.0
// kith's own mail is known by its token, whatever a server does to line ends, and by nothing less.
#include "engine/assess/own_mail.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using kith::test::test_hasher;

namespace {

const std::string kText = "Two mails are on hold.\n\n1. abcd\n";
const std::string kToken =
    own_mail_token(test_hasher(), "1@kith.example", "kith: 2 on hold", kText);

bool own(const std::string& raw, std::string_view token = kToken,
         std::string_view id = "1@kith.example", std::string_view subject = "kith: 2 on hold") {
    return is_own_mail(test_hasher(), token, id, subject, raw);
}

}  // namespace

TEST_CASE("own mail is known with either line end, and with blank lines more or less at its end") {
    CHECK(kToken.size() == 32);
    CHECK(own("A: b\n\n" + kText));
    CHECK(own("A: b\n\n" + kText + "\n\n"));
    CHECK(own("A: b\r\n\r\nTwo mails are on hold.\r\n\r\n1. abcd\r\n"));
}

TEST_CASE("another text, subject, Message-ID, token or secret is not own") {
    const std::string raw = "A: b\n\n" + kText;
    CHECK_FALSE(own("A: b\n\n" + kText + "Click here\n"));
    CHECK_FALSE(own(raw, kToken, "2@kith.example"));
    CHECK_FALSE(own(raw, kToken, "1@kith.example", "urgent"));
    CHECK_FALSE(own(raw, kToken, ""));
    CHECK_FALSE(own(raw, ""));
    CHECK_FALSE(own(raw, std::string(32, '0')));
    CHECK_FALSE(own(raw, kToken.substr(1)));
    CHECK_FALSE(own(kText));
    CHECK_FALSE(own(""));
    CHECK_FALSE(own("A: b\n\n" + std::string(kMaxOwnMail, 'x')));
    const Hasher other{Hasher::Secret{9}};
    CHECK_FALSE(is_own_mail(other, kToken, "1@kith.example", "kith: 2 on hold", raw));
}
