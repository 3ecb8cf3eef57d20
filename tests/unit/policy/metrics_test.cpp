// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/metrics.hpp"

#include <set>

#include "engine/scoring/tags.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/policy/policy_case.hpp"

using namespace kith;
using test::JudgedMail;

TEST_CASE("each metric tells what the record has") {
    const JudgedMail mail;
    for (const char* holds : {"score = 52",
                              "rate = 2.5",
                              "alone = 40",
                              "ready",
                              "not retried",
                              "budget.holds = 1",
                              "budget.tags = 10",
                              "budget.delays = 0",
                              "wants = request",
                              "payload",
                              "direction = inbound",
                              "kind = person",
                              "not automatic",
                              "mails = 14",
                              "known_days = 200",
                              "sent_to = 3",
                              "new_link",
                              "links = 0",
                              "payment = 1",
                              "phones = 0",
                              "not attachment",
                              "words = 12",
                              "recipients = 2",
                              "hour = 8",
                              "from = anna@sales.partner.example",
                              "from.domain = sales.partner.example",
                              "from.name = \"Anna Partner\"",
                              "mail_from = bounce@mailer.example",
                              "mail_from.domain = mailer.example",
                              "rcpt = finance@site.example",
                              "rcpt.domain = site.example",
                              "login = \"\"",
                              "client.addr = 192.0.2.7",
                              "client.name = mx.partner.example",
                              "helo = mx",
                              "subject = \"\"",
                              "not free_mail",
                              "not degraded",
                              "tag.document-anomalies",
                              "not tag.phishing-link",
                              "indicator.out-of-character = 61",
                              "indicator.profile-drift = 0",
                              "asks.payee",
                              "not asks.click"}) {
        INFO(holds);
        CHECK(mail.fits(holds));
    }
}

TEST_CASE("the hour is that of the day in UTC, before 1970 as well") {
    JudgedMail mail;
    mail.record.time = from_unix(-1);
    CHECK(mail.fits("hour = 23"));
}

TEST_CASE("a link to the site's own domain is none") {
    JudgedMail mail;
    mail.record.observations.links.resize(3);
    mail.record.observations.links[1].own_domain = true;
    CHECK(mail.fits("links = 2"));
}

TEST_CASE("names are unique, and an unknown one is told the nearest") {
    std::set<std::string_view> names;
    for (const Metric& m : all_metrics()) CHECK(names.insert(m.name).second);
    CHECK(find_metric("scor").nearest == "score");
    CHECK(find_metric("tag.phishing-lonk").nearest == "tag.phishing-link");
    CHECK(find_metric("indicator.out-of-charakter").nearest == "indicator.out-of-character");
    CHECK(find_metric("asks.vouchr").nearest == "asks.voucher");
    CHECK(find_metric("tag").metric == nullptr);
    CHECK(find_metric("score.x").metric == nullptr);
}

TEST_CASE("what a metric of few values can be is what its description says") {
    std::size_t closed = 0;
    for (const PolicySubject subject : {PolicySubject::Mail, PolicySubject::Accounts})
        for (const Metric& m : all_metrics(subject)) {
            if (m.values == nullptr) continue;
            ++closed;
            CHECK(m.type == MetricType::Text);
            for (const std::string& value : m.values()) {
                INFO(m.name << ' ' << value);
                CHECK(m.meaning.find(value) != std::string_view::npos);
                CHECK(Expression::parse(std::string(m.name) + " = " + value, {}, subject));
            }
        }
    CHECK(closed == 4);
}

TEST_CASE("every tag can be asked for") {
    for (const Tag& t : all_tags()) {
        INFO(t.name);
        CHECK(find_metric("tag." + std::string(t.name)).metric != nullptr);
    }
}
