// SPDX-License-Identifier: Apache-2.0
// A small site of accounts that use their mail day by day, for tests of the judge.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/accounts/judge.hpp"
#include "engine/features/observe.hpp"
#include "tests/support/catch.hpp"

namespace kith::test {

inline const Hasher kHasher(Hasher::Secret{1, 2, 3});
inline const std::vector<std::string> kOwnDomains = {"own.example"};
inline constexpr Time kMonday{Seconds(1'767'571'200)};  // 2026-01-05 00:00 UTC

inline AccountEvent login(Time t, const std::string& account, const std::string& addr,
                          const std::string& client = "\"name\" \"Thunderbird\"") {
    AccountEvent e;
    e.kind = AccountEventKind::Login;
    e.time = t;
    e.account = account;
    e.client_addr = addr;
    e.client_id = client;
    e.service = "imap";
    e.mechanism = "PLAIN";
    e.tls = "TLSv1.3 x";
    return e;
}

inline AccountEvent act(AccountEventKind kind, Time t, const std::string& account,
                        const std::string& addr, std::uint64_t messages = 0) {
    AccountEvent e;
    e.kind = kind;
    e.time = t;
    e.account = account;
    e.client_addr = addr;
    e.messages = messages;
    if (kind == AccountEventKind::Read || kind == AccountEventKind::Delete) e.mailbox = "INBOX";
    return e;
}

inline RuleSummary hiding_rule() {
    RuleSummary r;
    r.folders = {"RSS Feeds"};
    r.marks_seen = r.stops = r.conditional = r.understood = true;
    r.topics = static_cast<std::uint8_t>(RuleTopic::Payment);
    return r;
}

/// With every field set but those of full_account_3(); what
/// tests/golden/formats/account-state-v1-2.bin was made of.
inline AccountState full_account() {
    AccountState a;
    a.name = "anna@own.example";
    a.first = kMonday;
    a.last = kMonday + Seconds(86400);
    a.logins = 214;
    a.mails = 31;
    for (std::uint32_t f = 0; f < kAccountFeatures; ++f) a.habits[f].add(10 + f, 20458, 32);
    a.recipients.add(5, 20458, 512);
    Endpoint e;
    e.network = 77;
    e.words = "203.0.113.0/24";
    e.client = "thunderbird";
    e.first = e.last = e.diverted = kMonday;
    e.nats = {1, 2, 3, 4, 5, 6, 7, 8};
    e.days = 3;
    e.point = GeoPoint{52.5F, 13.5F};
    e.country = "DE";
    e.used = kMonday;
    a.endpoints = {e};
    a.sessions = {{1, 77}};
    a.failures = {{kMonday, 77}};
    a.pending = {{2, 99, kMonday + Seconds(604800)}};
    a.arrived = {{"abcdefgh234567ab", kMonday, 2.5F}};
    a.unusual = {
        {kMonday, AccountAct::Mail, "sends mail to 40 addresses", "bbcdefgh234567ab", 6, 61.5F}};
    a.incident.id = "cbcdefgh234567ab";
    a.incident.account = a.name;
    a.incident.opened = a.incident.raised = kMonday;
    a.incident.last = kMonday + Seconds(60);
    a.incident.closed = kMonday + Seconds(120);
    a.incident.risk = 61.5F;
    a.incident.indicators = 6;
    a.incident.raises = 2;
    a.incident.steps = a.unusual;
    a.incident.left_out = 2;
    a.tells_reads = true;
    a.day = 20458;
    for (std::uint32_t f = 0; f < kAccountFeatures; ++f) a.today[f] = f;
    a.peaks = {1, 2, 3, 4, 5};
    a.risk = 12.5F;
    a.score = 55;
    return a;
}

/// What tests/golden/formats/account-state-v1-3.bin was made of: with an incident before the last.
inline AccountState full_account_3() {
    AccountState a = full_account();
    AccountIncident past = a.incident;
    past.id = "dbcdefgh234567ab";
    past.opened = past.raised = kMonday - Seconds(20 * 86400);
    past.last = past.opened + Seconds(60);
    past.closed = past.opened + Seconds(120);
    past.risk = 44.5F;
    past.indicators = 2;
    past.raises = 1;
    past.left_out = 3;
    past.normal = true;
    past.steps[0].time = past.opened;
    a.past = {past};
    return a;
}

/// What tests/golden/formats/account-state-v1.bin was made of: before there were places.
inline AccountState full_account_v1() {
    AccountState a = full_account();
    for (const AccountFeature f : {AccountFeature::provider, AccountFeature::country}) {
        a.habits[index_of(f)] = {};
        a.today[index_of(f)] = 0;
    }
    a.endpoints[0].point.reset();
    a.endpoints[0].country.clear();
    a.endpoints[0].used = {};
    return a;
}

/// What tests/golden/formats/account-basics-v1.bin, -novelty- and -peaks- were made of.
inline AccountSite full_site() {
    AccountSite s;
    for (std::size_t i = 0; i < s.peaks.size(); ++i) {
        s.peaks[i].add(static_cast<float>(i) + .5F);
        s.day_counts[i][i] = static_cast<std::uint32_t>(i + 1);
    }
    s.novelty[0][0].count(3, 1, true);
    s.novelty[2][0].count(100, 40, false);
    s.first_day = 20450;
    s.last_day = 20458;
    HostClock& clock = s.clocks["imap1"];
    clock.least = 420;
    clock.least_before = 410;
    clock.events = 9;
    clock.events_before = 8;
    clock.since = kMonday;
    return s;
}

/// Home, and two places far from it and from each other.
inline const GeoPlace kBerlin{64496, "DE", GeoPoint{52.52F, 13.405F}};
inline const GeoPlace kSaoPaulo{64497, "BR", GeoPoint{-23.55F, -46.633F}};
inline const GeoPlace kTokyo{64499, "JP", GeoPoint{35.6762F, 139.6503F}};

struct AccountWorld {
    std::map<std::string, AccountState> accounts;
    Habits domain, all;
    AccountSite site;
    AccountJudgeOptions options;
    GeoPlace home;  ///< of what live() does; nothing is known of it unless a test says so

    AccountPlace place(const std::string& name) { return {accounts[name], domain, all, site}; }
    AccountJudgement see(const AccountEvent& e) {
        const Sighting s = sighting_of(e, e.time, kHasher, kOwnDomains);
        return observe_account(s, options, "incident" + std::to_string(to_unix(e.time)),
                               place(e.account));
    }
    AccountJudgement see(AccountEvent e, const GeoPlace& place) {
        e.place = place;
        return see(e);
    }
    static std::string name(int i) { return "user" + std::to_string(i) + "@own.example"; }
    /// Office, phone and some mail read, on each of `days`, by `people`.
    void live(int people, int days, int from_day = 0) {
        for (int day = from_day; day < from_day + days; ++day)
            for (int i = 0; i < people; ++i) {
                const Time t = kMonday + Seconds(86400LL * day + 9 * 3600 + 60 * i);
                (void)see(login(t, name(i), "198.51.100.7"), home);
                (void)see(act(AccountEventKind::Read, t + Seconds(60), name(i), "198.51.100.7",
                              static_cast<std::uint64_t>(10 + (i * 7 + day) % 9)));
                (void)see(act(AccountEventKind::Delete, t + Seconds(90), name(i), "198.51.100.7",
                              static_cast<std::uint64_t>(1 + (i + day) % 3)));
                (void)see(login(t + Seconds(9 * 3600), name(i),
                                "110.0." + std::to_string(i % 5) + ".9", "iPhone Mail (21A350)"),
                          home);
            }
    }
};

}  // namespace kith::test
