// SPDX-License-Identifier: Apache-2.0
// One synthetic record of each stored kind, every field with a value of its own, so that a
// forgotten or swapped one shows. Values carry tags 1 (client_network) and 2 (client_domain).
#pragma once

#include <map>
#include <string>

#include "engine/profile/codec.hpp"

namespace kith::test {

inline Profile sample_profile() {
    Profile p;
    p.messages = 12.5F;
    p.ever = 14;
    p.days = 7;
    p.first = from_unix(1'700'000'001);
    p.last = from_unix(1'700'000'002);
    p.aged = from_unix(1'700'000'003);
    p.day = 19'675;
    p.received = 3.25F;
    p.last_received = from_unix(1'700'000'004);
    const auto a = static_cast<std::uint16_t>(feature_index(1));
    const auto b = static_cast<std::uint16_t>(feature_index(2));
    std::vector<ValueCount> values{{a, 1, 101, 2.5F}, {a, 0, 102, 1}, {b, 3, 103, 4}};
    if (b < a) values = {{b, 3, 103, 4}, {a, 1, 101, 2.5F}, {a, 0, 102, 1}};
    p.restore(std::move(values));
    return p;
}

/// The same with what later versions brought.
inline Profile sample_profile_2() {
    Profile p = sample_profile();
    p.ties = 5;
    p.migrations.items = {
        {static_cast<std::uint16_t>(feature_index(1)), 104, from_unix(1'700'000'010), {105, 106}}};
    return p;
}

/// A domain that is a service, and an account, in one.
inline Profile sample_profile_3() {
    Profile p = sample_profile_2();
    p.borrowed = {12,
                  11,
                  19'690,
                  2,
                  from_unix(1'700'000'022),
                  from_unix(1'700'000'023),
                  {{111, 112, 3}, {113, 114, 1}}};
    p.reach = {2, 1, 3.5F, .5F, 7, 19'691};
    return p;
}

inline Vocabulary sample_vocabulary() {
    Vocabulary v;
    v.total = 30.5F;
    v.words = {{11, 1.5F}, {12, 2}, {13, 4}};
    v.hosts = {21, 22};
    v.tenants = {23, 24, 25};
    v.payments = {26};
    v.phones = {27, 28};
    v.recipients = {29, 30};
    v.aged = from_unix(1'700'000'005);
    v.day = 19'676;
    v.today = 2;
    return v;
}
/// With what version 0.1.0 did not have at first.
inline Vocabulary sample_vocabulary_2() {
    Vocabulary v = sample_vocabulary();
    v.invoices = 14;
    return v;
}

inline Thread sample_thread() {
    Thread t;
    t.participants = {31, 32};
    t.domains = {33};
    t.addressed = {34, 35, 36};
    t.words = {37, 38, 39};
    t.passages = {40, 0xFFFFFFFFFFFFFFFFULL};
    t.asks = 41;
    t.last = from_unix(1'700'000'006);
    t.gaps = true;
    return t;
}

inline NameUse sample_name() {
    NameUse n;
    n.bearers = {{51, 52, 3, Key16{{55, 56}}}, {53, 54, 1.5F, {}}};
    n.day = 19'677;
    return n;
}

inline Traces sample_traces() {
    Traces t;
    Trace a;
    a.time = from_unix(1'700'000'007);
    a.rcpt_set = 61;
    a.message_id = 62;
    a.tenants = {63, 64};
    a.sketch = {65, 66, 67, 68, 69, 70, 71, 72};
    a.evidence = 2.5F;
    a.held = true;
    Trace b;
    b.time = from_unix(1'700'000'008);
    b.evidence = 0.5F;
    t.items = {a, b};
    return t;
}

/// The same with what later versions brought.
inline Traces sample_traces_2() {
    Traces t = sample_traces();
    Fingerprint p;
    p.time = from_unix(1'700'000'009);
    p.message_id = 73;
    p.mail = "abcd";
    p.values = {{static_cast<std::uint16_t>(feature_index(1)), 74},
                {static_cast<std::uint16_t>(feature_index(2)), 75}};
    p.tenants = {76, 77};
    t.fingerprints = {p};
    t.day = 19'681;
    t.ranks = 2;
    return t;
}

inline SiteWord sample_word() { return {81.5F, 82, 19'678, 3.5F, 4.5F}; }
inline HostUse sample_host() { return {83, 84.5F, 19'679}; }

/// A site of which every piece differs from the start state.
inline SiteState sample_site() {
    SiteState s;
    s.values = sample_profile();
    const std::size_t f = feature_index(1);
    s.novelty[0][f].count(5, 2, true);
    s.novelty[1][f].count(50, 2, false);
    s.novelty[2][f].count(500, 9, true, 2.5);
    const std::size_t ranked = feature_index(40);
    s.ranks[ranked][3].add(1.25F);
    s.ranks[ranked][15].add(-2.5F);
    s.scores[1][2].add(3.5F);
    s.scores[1][2].add(-1);
    s.evidence[2].add(0.75F);
    s.stage_evidence[1][3].add(1.75F);
    s.indicators[0][5].add(2);
    s.stratum_mails[1][4] = 91;
    s.mails = {92, 93, 94};
    s.words = 95.5;
    s.senders = 96;
    s.learned = 97;
    s.waiting = 98;
    s.held = 99;
    s.day = 19'680;
    std::vector<float> x(kFeatureCount, 0);
    x[f] = 2;
    x[ranked] = 3;
    s.anomaly.add(x);
    s.experts.version = 3;
    s.experts.weights[static_cast<std::size_t>(Expert::Spoof)][f] = 0.75F;
    s.experts.bias[0] = 1;
    s.experts.bias[1] = 0;
    s.experts.bias[2] = -3;
    s.people.central = {{201, 9.5F}, {202, 4}};
    s.people.tied = 203;
    s.migrations.items = {
        {static_cast<std::uint16_t>(feature_index(2)), 207, from_unix(1'700'000'011), {208}}};
    s.people.own_domains = {204, 205};
    s.people.suspects = {206, 0xFFFFFFFFFFFFFFFEULL};
    return s;
}

/// All pieces of the site's state by name.
inline std::map<std::string, std::string> pieces_of(const SiteState& site) {
    std::map<std::string, std::string> out;
    encode_site(site,
                [&](const std::string& name, std::string bytes) { out[name] = std::move(bytes); });
    return out;
}

}  // namespace kith::test
