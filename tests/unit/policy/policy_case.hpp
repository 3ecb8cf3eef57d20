// SPDX-License-Identifier: Apache-2.0
// One judged mail that models are asked about.
#pragma once

#include "engine/policy/model.hpp"
#include "tests/support/observed.hpp"

namespace kith::test {

struct JudgedMail {
    JudgedMail() {
        record.id = "abcdefghijklmnop";
        record.time = from_unix(1'772'438'400);  // 2026-03-02 08:00 UTC
        record.from = "Anna@Sales.Partner.example";
        record.from_name = "Anna Partner";
        record.mail_from = "bounce@mailer.example";
        record.rcpts = {"ben@site.example", "finance@site.example"};
        record.client_addr = "192.0.2.7";
        record.client_name = "mx.partner.example";
        record.helo = "mx";
        record.observations.direction = Direction::Inbound;
        record.observations.asks = 1U << static_cast<unsigned>(Ask::Payee);
        record.observations.payment = {7};
        record.observations.word_total = 12;
        Assessment& a = record.assessment;
        a.score = 52;
        a.p = .0025;
        a.own_evidence = 2;
        a.ready = true;
        a.stratum = Stratum::Request;
        a.known = {14, 200, 3, true};
        a.tags = {"document-anomalies"};
        a.indicators = {{"Out of Character", 61}};
    }
    [[nodiscard]] PolicyCase view() const { return {record, budget}; }
    [[nodiscard]] bool fits(std::string_view condition, const PolicyGroups& groups = {}) const {
        const auto e = Expression::parse(condition, groups);
        if (!e) throw std::runtime_error(e.error().what);
        return e->holds(view());
    }
    MailRecord record;
    ScoringOptions budget;
};

}  // namespace kith::test
