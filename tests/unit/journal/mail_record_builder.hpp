// SPDX-License-Identifier: Apache-2.0
// A synthetic mail record in which every field has a value of its own, so that a forgotten or
// swapped one shows.
#pragma once

#include "engine/journal/mail_record.hpp"

namespace kith::test {

inline Key16 key_of(std::uint8_t first) {
    Key16 key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i)
        key.bytes[i] = static_cast<std::uint8_t>(first + i);
    return key;
}

inline Observations full_observations() {
    Observations o;
    o.time = from_unix(1'700'000'111);
    o.direction = Direction::Outbound;
    o.sender = key_of(1);
    o.domain = key_of(20);
    o.sender32 = 101;
    o.domain32 = 102;
    o.rcpts = {key_of(40), key_of(60)};
    o.rcpt_set = 103;
    o.message_id = 104;
    o.refs = {105, 106};
    o.name = 107;
    o.local_part = 108;
    o.domain_label = 109;
    o.label_variants = {110, 111, 112};
    o.free_mail_like = true;
    // By tag, not by index: the order of features.def may change.
    const std::size_t feature = feature_index(1);
    o.values[feature] = {7, 0.25F};
    o.set_members = {{static_cast<std::uint16_t>(feature), 113U},
                     {static_cast<std::uint16_t>(feature), 114U}};
    o.words = {{115, 1}, {116, 2}};
    o.thread_words = {117, 118};
    o.word_total = 119;
    ObservedLink link;
    link.host = 120;
    link.tenant = 121;
    link.shape = 122;
    link.words = {123, 124};
    link.has_token = true;
    link.asks = 1U << 26 | 5;
    o.links.push_back(link);
    link = {};
    link.host = 125;
    link.own_domain = true;
    o.links.push_back(link);
    link = {};
    link.sender_domain = true;
    o.links.push_back(link);
    o.asks = 126;
    o.payment = {127};
    o.phones = {128, 129};
    o.sketch = {130, 131, 132, 133, 134, 135, 136, 137};
    o.quoted_passages = {138};
    o.own_passages = {139, 140};
    o.has_attachment = true;
    o.automatic = true;
    o.name_labels = {141, 142};
    o.rcpt_domains = {key_of(80), key_of(100)};
    o.kind = MailKind::Ticket;
    o.marks = 143;
    o.account = key_of(120);
    o.attached_payment = {144, 145};
    o.attached_phones = {146};
    return o;
}

inline Assessment full_assessment() {
    Assessment a;
    a.score = 61.5;
    a.p = 0.0009;
    a.verdict = Verdict::Quarantine;
    a.stratum = Stratum::NewLink;
    a.raw = 17.25;
    a.own_evidence = 3.5;
    a.ready = true;
    a.delayed = true;
    a.indicators = {{"Out of Character", 70.5}, {"Inducement Shift", 64}};
    a.tags = {"tag one", "tag two"};
    a.reasons = {{"user_agent", 4.5, "first use of this client in 214 mails"},
                 {"link_host", 3.25, "new host"}};
    a.would_pass = "a known host";
    a.degraded = "store missing";
    a.known = {14, 200.5, 3, true};
    a.models = {{"budget-hold", true}, {"vip-name", false}};
    a.decided_by = "budget-hold";
    a.notify = true;
    a.account_risk = 61.5;
    return a;
}

inline MailRecord full_record() {
    MailRecord r;
    r.id = "abcdefgh234567ab";
    r.time = from_unix(1'700'000'222);
    r.queue_id = "4SXyz1";
    r.host = "mx.site.example";
    r.client_addr = "192.0.2.7";
    r.client_name = "out.partner.example";
    r.helo = "helo.partner.example";
    r.mail_from = "bounce@partner.example";
    r.rcpts = {"one@site.example", "two@site.example"};
    r.auth_user = "user";
    r.from = "anna@partner.example";
    r.from_name = "Anna Example";
    r.message_id = "<m1@partner.example>";
    r.subject = "Zażółć gęślą jaźń";
    r.mode = "enforce";
    r.action = Action::Held;
    r.imported = true;
    r.attached_only = true;
    r.own = true;
    r.other_filters = {{"SpamAssassin", true, 7.5, 5.0}, {"rspamd", false, -1.25, std::nullopt}};
    r.place = {64496, "DE", GeoPoint{52.5F, 13.5F}};
    r.tls_version = "TLSv1.3";
    r.cipher = "TLS_AES_256_GCM_SHA384";
    r.observations = full_observations();
    r.assessment = full_assessment();
    return r;
}

}  // namespace kith::test
