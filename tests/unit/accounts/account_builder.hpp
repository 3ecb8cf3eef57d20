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

struct AccountWorld {
    std::map<std::string, AccountState> accounts;
    Habits domain, all;
    AccountSite site;
    AccountJudgeOptions options;

    AccountPlace place(const std::string& name) { return {accounts[name], domain, all, site}; }
    AccountJudgement see(const AccountEvent& e) {
        const Sighting s = sighting_of(e, e.time, kHasher, kOwnDomains);
        return observe_account(s, options, "incident" + std::to_string(to_unix(e.time)),
                               place(e.account));
    }
    static std::string name(int i) { return "user" + std::to_string(i) + "@own.example"; }
    /// Office, phone and some mail read, on each of `days`, by `people`.
    void live(int people, int days, int from_day = 0) {
        for (int day = from_day; day < from_day + days; ++day)
            for (int i = 0; i < people; ++i) {
                const Time t = kMonday + Seconds(86400LL * day + 9 * 3600 + 60 * i);
                (void)see(login(t, name(i), "198.51.100.7"));
                (void)see(act(AccountEventKind::Read, t + Seconds(60), name(i), "198.51.100.7",
                              static_cast<std::uint64_t>(10 + (i * 7 + day) % 9)));
                (void)see(act(AccountEventKind::Delete, t + Seconds(90), name(i), "198.51.100.7",
                              static_cast<std::uint64_t>(1 + (i + day) % 3)));
                (void)see(login(t + Seconds(9 * 3600), name(i),
                                "110.0." + std::to_string(i % 5) + ".9", "iPhone Mail (21A350)"));
            }
    }
};

}  // namespace kith::test
