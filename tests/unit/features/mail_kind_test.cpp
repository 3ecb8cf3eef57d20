// SPDX-License-Identifier: Apache-2.0
// Kinds of mail (engine/features/mail_kind.hpp): what each is known by, and what a person's mail
// may have and stay one.
#include "engine/features/mail_kind.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

MailKind kind(const Look& look) { return mail_kind(look.message, look.arrival); }
Look with_part(const char* media_type, Look look = {}) {
    look.message.parts.push_back(part(media_type));
    return look;
}
Look said(Look look, std::string subject) {
    look.message.subject = std::move(subject);
    return look;
}

TEST_CASE("each kind is known by its header fields or parts") {
    CHECK(kind(from("ann", "example.com", "Ann")) == MailKind::Person);
    CHECK(kind(with_headers({{"List-Unsubscribe", "<https://example.com/u>"}})) ==
          MailKind::Newsletter);
    CHECK(kind(with_headers({{"Feedback-ID", "1:2:3"}})) == MailKind::Newsletter);
    CHECK(kind(with_headers({{"List-Id", "a"}, {"List-Post", "b"}})) == MailKind::List);
    CHECK(kind(with_headers({{"Precedence", "list"}})) == MailKind::List);
    CHECK(kind(with_headers({{"Precedence", "Bulk"}})) == MailKind::Bulk);
    CHECK(kind(with_headers({{"Precedence", "junk"}})) == MailKind::Bulk);
    CHECK(kind(with_headers({{"Precedence", "auto_reply"}})) == MailKind::AutoReply);
    CHECK(kind(with_headers({{"Auto-Submitted", "auto-generated"}})) == MailKind::Notification);
    CHECK(kind(with_headers({{"Auto-Submitted", "auto-replied (vacation)"}})) ==
          MailKind::AutoReply);
    CHECK(kind(with_headers({{"X-Autoreply", "yes"}})) == MailKind::AutoReply);
    CHECK(kind(with_headers({{"X-JIRA-FingerPrint", "0"}})) == MailKind::Ticket);
    CHECK(kind(with_headers({{"X-Cron-Env", "<SHELL=/bin/sh>"}})) == MailKind::Report);
    CHECK(kind(with_part("text/calendar")) == MailKind::Calendar);
    CHECK(kind(with_part("message/delivery-status")) == MailKind::Bounce);
    CHECK(kind(with_part("message/disposition-notification")) == MailKind::AutoReply);
    CHECK(kind(with_part("message/feedback-report")) == MailKind::Report);
    CHECK(kind(from("no-reply", "example.com")) == MailKind::Notification);
    CHECK(kind(from("mailer-daemon", "example.com")) == MailKind::Bounce);
}

TEST_CASE("a program's mail is looked at more closely by its subject") {
    const Look program = with_headers({{"Auto-Submitted", "auto-generated"}});
    CHECK(kind(said(program, "[#12345] printer on fire")) == MailKind::Ticket);
    CHECK(kind(said(program, "Ticket 12345: printer on fire")) == MailKind::Ticket);
    CHECK(kind(said(program, "[Ticket#2026110512345] Drucker")) == MailKind::Ticket);
    CHECK(kind(said(program, "Nightly backup of host7")) == MailKind::Report);
    CHECK(kind(said(program, "Wochenbericht: Zusammenfassung")) == MailKind::Report);
    CHECK(kind(said(program, "You have 12 new messages")) == MailKind::Notification);
    CHECK(kind(said(program, "[#12] short")) == MailKind::Notification);
}

TEST_CASE("a person who answers a ticket, speaks of a report or is called like one is a person") {
    const Look person = from("ann", "example.com", "Ann");
    CHECK(kind(said(person, "Re: [#12345] printer on fire")) == MailKind::Person);
    CHECK(kind(said(person, "The report for Monday")) == MailKind::Person);
    CHECK(kind(from("noreen.plyer", "example.com")) == MailKind::Person);
    CHECK(kind(with_headers({{"Auto-Submitted", " No "}})) == MailKind::Person);
}

TEST_CASE("hostile subjects cost time in proportion to their length") {
    std::string subject;
    for (int i = 0; i < 50000; ++i) subject += "ticket 12 [# 1";
    CHECK(kind(said(with_headers({{"Auto-Submitted", "auto-generated"}}), subject)) ==
          MailKind::Notification);
}

TEST_CASE("every kind has a name of its own") {
    for (int a = 0; a < kMailKindCount; ++a)
        for (int b = 0; b < a; ++b)
            CHECK(to_string(static_cast<MailKind>(a)) != to_string(static_cast<MailKind>(b)));
}

}  // namespace
