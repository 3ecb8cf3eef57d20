// SPDX-License-Identifier: Apache-2.0
// Field by field comparison of mail records. The structured bindings count the members: when one is
// added to a type, this stops compiling, and the journal's schema, encode() and decode() must learn
// it.
#pragma once

#include "engine/features/feature_id.hpp"
#include "engine/journal/mail_record.hpp"
#include "tests/support/catch.hpp"

namespace kith::test {

inline void check_equal(const Observations& a, const Observations& b) {
    const auto& [time, direction, sender, domain, sender32, domain32, account, rcpts, rcpt_set,
                 message_id, refs, name, local_part, domain_label, label_variants, free_mail_like,
                 name_labels, rcpt_domains, kind, marks, values, set_members, words, thread_words,
                 word_total, links, asks, payment, phones, attached_payment, attached_phones,
                 sketch, quoted_passages, own_passages, has_attachment, automatic] = a;
    CHECK(time == b.time);
    CHECK(direction == b.direction);
    CHECK((sender == b.sender));
    CHECK((domain == b.domain));
    CHECK(sender32 == b.sender32);
    CHECK(domain32 == b.domain32);
    CHECK((rcpts == b.rcpts));
    CHECK(rcpt_set == b.rcpt_set);
    CHECK(message_id == b.message_id);
    CHECK(refs == b.refs);
    CHECK(name == b.name);
    CHECK(local_part == b.local_part);
    CHECK(domain_label == b.domain_label);
    CHECK(label_variants == b.label_variants);
    CHECK(free_mail_like == b.free_mail_like);
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        CAPTURE(i);
        CHECK(values[i].code == b.values[i].code);
        CHECK(values[i].number == b.values[i].number);
    }
    CHECK(set_members == b.set_members);
    REQUIRE(words.size() == b.words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
        CHECK(words[i].word == b.words[i].word);
        CHECK(words[i].count == b.words[i].count);
    }
    CHECK(thread_words == b.thread_words);
    CHECK(word_total == b.word_total);
    REQUIRE(links.size() == b.links.size());
    for (std::size_t i = 0; i < links.size(); ++i) {
        const auto& [host, tenant, shape, link_words, has_token, own_domain, sender_domain,
                     link_asks] = links[i];
        CHECK(host == b.links[i].host);
        CHECK(tenant == b.links[i].tenant);
        CHECK(shape == b.links[i].shape);
        CHECK(link_words == b.links[i].words);
        CHECK(has_token == b.links[i].has_token);
        CHECK(own_domain == b.links[i].own_domain);
        CHECK(sender_domain == b.links[i].sender_domain);
        CHECK(link_asks == b.links[i].asks);
    }
    CHECK(asks == b.asks);
    CHECK(payment == b.payment);
    CHECK(phones == b.phones);
    CHECK(attached_payment == b.attached_payment);
    CHECK(attached_phones == b.attached_phones);
    CHECK(sketch == b.sketch);
    CHECK(quoted_passages == b.quoted_passages);
    CHECK(own_passages == b.own_passages);
    CHECK(has_attachment == b.has_attachment);
    CHECK(automatic == b.automatic);
    CHECK(name_labels == b.name_labels);
    CHECK((rcpt_domains == b.rcpt_domains));
    CHECK(kind == b.kind);
    CHECK(marks == b.marks);
    CHECK((account == b.account));
}

inline void check_equal(const Assessment& a, const Assessment& b) {
    const auto& [score, p, verdict, stratum, raw, own_evidence, ready, delayed, indicators, tags,
                 reasons, would_pass, known, models, decided_by, notify, account_risk, degraded] =
        a;
    CHECK(score == b.score);
    CHECK(p == b.p);
    CHECK(verdict == b.verdict);
    CHECK(stratum == b.stratum);
    CHECK(raw == b.raw);
    CHECK(own_evidence == b.own_evidence);
    CHECK(ready == b.ready);
    CHECK(delayed == b.delayed);
    REQUIRE(indicators.size() == b.indicators.size());
    for (std::size_t i = 0; i < indicators.size(); ++i) {
        CHECK(indicators[i].name == b.indicators[i].name);
        CHECK(indicators[i].score == b.indicators[i].score);
    }
    CHECK(tags == b.tags);
    REQUIRE(reasons.size() == b.reasons.size());
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        CHECK(reasons[i].feature == b.reasons[i].feature);
        CHECK(reasons[i].weight == b.reasons[i].weight);
        CHECK(reasons[i].text == b.reasons[i].text);
    }
    CHECK(would_pass == b.would_pass);
    CHECK(known.mails == b.known.mails);
    CHECK(known.days == b.known.days);
    CHECK(known.sent_to == b.known.sent_to);
    CHECK(known.new_link == b.known.new_link);
    REQUIRE(models.size() == b.models.size());
    for (std::size_t i = 0; i < models.size(); ++i) {
        CHECK(models[i].name == b.models[i].name);
        CHECK(models[i].live == b.models[i].live);
    }
    CHECK(decided_by == b.decided_by);
    CHECK(notify == b.notify);
    CHECK(account_risk == b.account_risk);
    CHECK(degraded == b.degraded);
}

inline void check_equal(const MailRecord& a, const MailRecord& b) {
    const auto& [id, time, queue_id, host, client_addr, client_name, helo, mail_from, rcpts,
                 auth_user, from, from_name, message_id, subject, mode, action, imported,
                 observations, assessment, attached_only, other_filters, own, place, tls_version,
                 cipher] = a;
    CHECK(id == b.id);
    CHECK(time == b.time);
    CHECK(queue_id == b.queue_id);
    CHECK(host == b.host);
    CHECK(client_addr == b.client_addr);
    CHECK(client_name == b.client_name);
    CHECK(helo == b.helo);
    CHECK(mail_from == b.mail_from);
    CHECK(rcpts == b.rcpts);
    CHECK(auth_user == b.auth_user);
    CHECK(from == b.from);
    CHECK(from_name == b.from_name);
    CHECK(message_id == b.message_id);
    CHECK(subject == b.subject);
    CHECK(mode == b.mode);
    CHECK(action == b.action);
    CHECK(imported == b.imported);
    CHECK(attached_only == b.attached_only);
    CHECK(own == b.own);
    CHECK((place == b.place));
    CHECK(tls_version == b.tls_version);
    CHECK(cipher == b.cipher);
    REQUIRE(other_filters.size() == b.other_filters.size());
    for (std::size_t i = 0; i < other_filters.size(); ++i) {
        const auto& [filter, spam, score, required] = other_filters[i];
        CHECK(filter == b.other_filters[i].filter);
        CHECK(spam == b.other_filters[i].spam);
        CHECK((score == b.other_filters[i].score));
        CHECK((required == b.other_filters[i].required));
    }
    check_equal(observations, b.observations);
    check_equal(assessment, b.assessment);
}

}  // namespace kith::test
