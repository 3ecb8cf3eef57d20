// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "engine/policy/expression.hpp"
#include "engine/policy/metrics.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

namespace {

JudgedEvent rule_event() {
    JudgedEvent e;
    e.event.kind = AccountEventKind::RuleActivated;
    e.event.time = from_unix(1'772'438'400);  // 2026-03-02 08:00 UTC
    e.event.account = "Anna@own.example";
    e.event.host = "imap1.own.example";
    e.event.service = "managesieve";
    e.event.client_addr = "203.0.113.9";
    e.event.place = {64496, "DE", {}};
    e.event.client_name = "vps7.hoster.example";
    e.event.client_id = "\"name\" \"eM Sync\" \"version\" \"9.2\"";
    e.event.mechanism = "XOAUTH2";
    e.event.mailbox = "INBOX";
    e.event.to_mailbox = "Archive";
    e.event.messages = 12;
    e.event.bytes = 34567;
    e.event.repeats = 2;
    e.event.seconds = 90;
    e.event.detail = "by hand";
    e.event.rule.understood = true;
    e.event.rule.redirects = {"x@elsewhere.example"};
    e.event.rule.folders = {"RSS Feeds"};
    e.event.rule.marks_seen = true;
    e.event.rule.topics = 1;
    e.seen = sighting_of(e.event, e.event.time, Hasher(Hasher::Secret{}), {"own.example"});
    e.judged.risk = 61;
    e.judged.hand = 7;
    e.judged.indicators = 1U << static_cast<unsigned>(AccountIndicator::suspicious_rule);
    e.judged.unseen = 1U << index_of(AccountFeature::rule);
    e.judged.nats[index_of(AccountFeature::rule)] = 4;
    return e;
}

bool fits(const JudgedEvent& e, std::string_view condition) {
    const auto parsed = Expression::parse(condition, {}, PolicySubject::Accounts);
    if (!parsed) FAIL(parsed.error().what);
    return parsed->holds(PolicyCase(e));
}

}  // namespace

TEST_CASE("each metric of an event tells what was told or judged") {
    const JudgedEvent e = rule_event();
    for (const char* holds : {"kind = rule-activated",
                              "account = anna@own.example",
                              "account.domain = own.example",
                              "account_risk = 61",
                              "hand >= 6",
                              "messages = 12",
                              "bytes = 34567",
                              "repeats = 2",
                              "seconds = 90",
                              "mailbox = inbox",
                              "to_mailbox = archive",
                              "service = managesieve",
                              "mechanism = xoauth2",
                              "program = \"em sync\"",
                              "client.addr = 203.0.113.9",
                              "client.name = *.hoster.example",
                              "network = 203.0.113.0/24",
                              "country = de",
                              "asn = 64496",
                              "host = imap1.own.example",
                              "hour = 8",
                              "detail = \"by hand\"",
                              "redirects_outside",
                              "hides_mail",
                              "names_topic",
                              "redirect = *@elsewhere.example",
                              "folder = \"rss feeds\"",
                              "recipients = 0",
                              "indicator.suspicious-mail-rule",
                              "not indicator.mass-deletion",
                              "new.rule",
                              "not new.network",
                              "surprise.rule = 4",
                              "surprise.network < 2"}) {
        INFO(holds);
        CHECK(fits(e, holds));
    }
}

TEST_CASE("an event that was as usual has nothing unusual") {
    JudgedEvent e = rule_event();
    e.judged = {};
    CHECK(fits(e, "account_risk = 0 and hand = 0 and not new.rule and surprise.rule = 0"));
    e.seen.name = "postmaster";
    CHECK(fits(e, "account.domain = \"\""));
}

TEST_CASE("mail and events have their own metrics") {
    CHECK(find_metric("score", PolicySubject::Accounts).metric == nullptr);
    CHECK(find_metric("mailbox").metric == nullptr);
    CHECK(find_metric("mailbx", PolicySubject::Accounts).nearest == "mailbox");
    CHECK(find_metric("new.netwrk", PolicySubject::Accounts).nearest == "new.network");
    CHECK(find_metric("surprise.read_day", PolicySubject::Accounts).metric != nullptr);
    CHECK(find_metric("new.read_day", PolicySubject::Accounts).metric == nullptr);
    std::set<std::string_view> names;
    for (const Metric& m : all_metrics(PolicySubject::Accounts)) CHECK(names.insert(m.name).second);
}

TEST_CASE("every indicator of an account can be asked for") {
    for (const AccountIndicatorSpec& i : account_indicators()) {
        INFO(i.name);
        CHECK(find_metric("indicator." + slug_of(i.name), PolicySubject::Accounts).metric !=
              nullptr);
    }
}
