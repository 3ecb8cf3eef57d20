// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/explain.hpp"

#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

TEST_CASE("a login from nowhere says so with numbers") {
    AccountWorld w;
    w.live(20, 20);
    const auto j = w.see(login(kMonday + Seconds(21 * 86400 + 3 * 3600), AccountWorld::name(3),
                               "203.0.113.9", "\"name\" \"imaplib\""));
    CHECK(j.text.starts_with("logs in over imap from 203.0.113.0/24 with imaplib: "));
    CHECK(j.text.find("was never seen for this account in 40 logins over 19 days nor for anybody "
                      "at the site") != std::string::npos);
    CHECK(j.text.find("\n") == std::string::npos);
}

TEST_CASE("what is usual is not told") {
    AccountWorld w;
    w.live(20, 20);
    const auto j = w.see(
        login(kMonday + Seconds(20 * 86400 + 9 * 3600), AccountWorld::name(3), "198.51.100.7"));
    CHECK(j.text.empty());
}

TEST_CASE("numbers of a day are compared with the most before") {
    AccountWorld w;
    w.live(20, 20);
    const Time t = kMonday + Seconds(21 * 86400 + 9 * 3600);
    const auto j =
        w.see(act(AccountEventKind::Delete, t, AccountWorld::name(3), "198.51.100.7", 900));
    CHECK(j.text ==
          "deletes 900 mails in INBOX from 198.51.100.0/24, 900 today: 3 at most before in a day");
}

TEST_CASE("the end of a session that read nothing says what the day had") {
    AccountWorld w;
    w.live(20, 20);
    const Time t = kMonday + Seconds(21 * 86400 + 9 * 3600);
    for (int i = 0; i < 5; ++i)
        w.see(
            act(AccountEventKind::Read, t + Seconds(i), AccountWorld::name(3), "203.0.113.9", 180));
    const auto j = w.see(act(AccountEventKind::SessionEnd, t + Seconds(60), AccountWorld::name(3),
                             "203.0.113.9", 0));
    CHECK(j.text.starts_with("ends a session from 203.0.113.0/24, with 900 mails read today: "));
}

TEST_CASE("texts stay within their bound, whatever the event holds") {
    AccountWorld w;
    w.live(20, 20);
    AccountEvent e = login(kMonday + Seconds(21 * 86400), AccountWorld::name(3), "203.0.113.9");
    e.client_id = e.service = e.client_name = std::string(100'000, 'x');
    CHECK(w.see(e).text.size() <= 400);
}

TEST_CASE("spans are told in the largest unit that has two of it") {
    CHECK(span_text(Seconds(0)) == "0 seconds");
    CHECK(span_text(Seconds(1)) == "1 second");
    CHECK(span_text(Seconds(119)) == "119 seconds");
    CHECK(span_text(Seconds(120)) == "2 minutes");
    CHECK(span_text(Seconds(2 * 3600)) == "2 hours");
    CHECK(span_text(Seconds(2 * 86400)) == "2 days");
    CHECK(span_text(Seconds(-5)) == "0 seconds");
}

TEST_CASE("an incident's story has its steps with the time between") {
    AccountIncident i;
    AccountStep step;
    step.time = kMonday;
    step.text = "logs in from 203.0.113.0/24";
    i.steps.push_back(step);
    step.time += Seconds(720);
    step.text = "stores a filter rule that throws mail away";
    i.steps.push_back(step);
    CHECK(incident_text(i) ==
          "logs in from 203.0.113.0/24; 12 minutes later stores a filter rule that throws mail "
          "away");
    CHECK(incident_text({}).empty());
}
