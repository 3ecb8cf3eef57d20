// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/judge.hpp"

#include <cstdio>

#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr Time day(int n, int hour = 3) { return kMonday + Seconds(86400LL * n + 3600 * hour); }

const char* const kStrange = "203.0.113.9";
const char* const kImaplib = "\"name\" \"imaplib\"";

/// A foreign login, a hiding rule and a bulk read.
AccountJudgement take_over(AccountWorld& w, const std::string& name, Time t,
                           const std::string& addr = kStrange) {
    (void)w.see(login(t, name, addr, kImaplib));
    (void)w.see(act(AccountEventKind::Read, t + Seconds(60), name, addr, 3000));
    AccountEvent rule = act(AccountEventKind::RuleActivated, t + Seconds(720), name, addr);
    rule.rule = hiding_rule();
    return w.see(rule);
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a takeover opens one incident that tells the story in order") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    note_arrived("abcdefgh234567ab", day(19), 2.5, w.accounts[name]);
    const auto j = take_over(w, name, day(21));
    CHECK(j.risk > 60);
    const AccountIncident& i = w.accounts[name].incident;
    REQUIRE(i.is_open(day(21)));
    CHECK(i.account == name);
    REQUIRE(i.steps.size() == 4);
    CHECK(i.steps[0].mail == "abcdefgh234567ab");
    CHECK(i.steps[1].act == AccountAct::Login);
    CHECK(i.steps[2].act == AccountAct::Read);
    CHECK(i.steps[3].act == AccountAct::RuleActivated);
    CHECK(has_indicator(i.indicators, AccountIndicator::login_and_update));
    CHECK(has_indicator(i.indicators, AccountIndicator::suspicious_rule));
    CHECK(has_indicator(i.indicators, AccountIndicator::bulk_read));
    CHECK(has_indicator(i.indicators, AccountIndicator::activity_block));
}

TEST_CASE("ordinary days open none") {
    AccountWorld w;
    w.live(40, 30);
    for (const auto& [name, a] : w.accounts) CHECK(a.incident.id.empty());
}

TEST_CASE("takeovers that were told do not hide the next one of their kind") {
    AccountWorld w;
    for (int d = 0; d < 40; ++d) {
        w.live(40, 1, d);
        AccountEvent rule =
            act(AccountEventKind::RuleActivated, day(d, 10), AccountWorld::name(d), "198.51.100.7");
        rule.rule = hiding_rule();
        (void)w.see(rule);
    }
    for (int n = 0; n < 20; ++n) {
        const std::string name = AccountWorld::name(2 * n);
        CAPTURE(n);
        const auto j = take_over(w, name, day(41 + n), "203.0." + std::to_string(n) + ".9");
        CHECK(w.accounts[name].incident.is_open(day(41 + n)));
        CHECK(j.per_week < 1.2);  // 1.6 where they count whole
        w.live(40, 1, 41 + n);
    }
}

TEST_CASE("with a budget of no alerts there is none") {
    AccountWorld w;
    w.options.alerts_per_week = 0;
    w.live(40, 20);
    (void)take_over(w, AccountWorld::name(3), day(21));
    CHECK(w.accounts[AccountWorld::name(3)].incident.id.empty());
}

TEST_CASE("before enough account-days there is no alert, and no claim of a rank") {
    AccountWorld w;
    w.live(20, 10);
    const auto j = take_over(w, AccountWorld::name(3), day(11));
    CHECK_FALSE(j.ready);
    CHECK(j.risk == 0);
    CHECK(j.risk_nats > 20);
    CHECK(w.accounts[AccountWorld::name(3)].incident.id.empty());
}

TEST_CASE("an attacker does not make himself normal by coming again and again") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    double first = 0, last = 0;
    for (int i = 0; i < 200; ++i) {
        const auto j = w.see(login(day(21) + Seconds(60 * i), name, kStrange, kImaplib));
        (i == 0 ? first : last) = j.hand;
    }
    CHECK(last > .9 * first);
    CHECK(last > 2 * kForeignHand);
    CHECK_FALSE(w.accounts[name].habits[index_of(AccountFeature::network)].knows(
        sighting_of(login(day(21), name, kStrange), day(21), kHasher, kOwnDomains)
            .value(AccountFeature::network)));
    CHECK(w.accounts[name].pending.size() <= AccountState::kMaxPending);
}

TEST_CASE("what was suspicious is learned after probation when nothing came of it") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    w.options.alerts_per_week = 0;
    (void)w.see(login(day(21), name, kStrange, kImaplib));
    const std::uint32_t network =
        sighting_of(login(day(21), name, kStrange), day(21), kHasher, kOwnDomains)
            .value(AccountFeature::network);
    const Habit& habit = w.accounts[name].habits[index_of(AccountFeature::network)];
    (void)w.see(login(day(27), name, "198.51.100.7"));
    CHECK_FALSE(habit.knows(network));
    (void)w.see(login(day(28), name, "198.51.100.7"));
    CHECK(habit.knows(network));
}

TEST_CASE("while an incident is open nothing of the account is learned, nor afterwards") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    const std::uint32_t network =
        sighting_of(login(day(21), name, kStrange), day(21), kHasher, kOwnDomains)
            .value(AccountFeature::network);
    for (int d = 22; d < 60; ++d) (void)w.see(login(day(d, 9), name, "198.51.100.7"));
    CHECK_FALSE(w.accounts[name].habits[index_of(AccountFeature::network)].knows(network));
}

TEST_CASE("an admin who says that it was the owner teaches it at once") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    const std::uint32_t network =
        sighting_of(login(day(21), name, kStrange), day(21), kHasher, kOwnDomains)
            .value(AccountFeature::network);
    CHECK(close_incident(w.place(name), day(22), true));
    CHECK_FALSE(close_incident(w.place(name), day(22), true));
    CHECK(w.accounts[name].habits[index_of(AccountFeature::network)].knows(network));
    CHECK(account_risk(w.accounts[name], day(22)) == 0);
}

TEST_CASE("an admin who ends an attack has nothing of it learned") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    CHECK(close_incident(w.place(name), day(22), false));
    CHECK(w.accounts[name].pending.empty());
    CHECK_FALSE(w.accounts[name].incident.is_open(day(22)));
    // And it is an attack again when it comes back.
    (void)take_over(w, name, day(23));
    CHECK(w.accounts[name].incident.is_open(day(23)));
}

TEST_CASE("an incident that opens after another leaves the first one with its story and its end") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    const AccountIncident first = w.accounts[name].incident;
    CHECK(close_incident(w.place(name), day(22), false));
    CHECK(w.accounts[name].past.empty());
    (void)take_over(w, name, day(23));
    const AccountState& a = w.accounts[name];
    REQUIRE(a.incident.is_open(day(23)));
    CHECK(a.incident.id != first.id);
    REQUIRE(a.past.size() == 1);
    CHECK(a.past[0].id == first.id);
    CHECK(a.past[0].closed == day(22));
    CHECK(a.past[0].risk == first.risk);
    CHECK(a.past[0].indicators == first.indicators);
    CHECK(a.past[0].steps.size() == first.steps.size());
    // Nobody closes the second one: its time runs out.
    w.live(40, 26, 24);
    (void)take_over(w, name, day(51));
    REQUIRE(w.accounts[name].past.size() == 2);
    CHECK(w.accounts[name].past[1].closed ==
          w.accounts[name].past[1].last + AccountIncident::kKept);
    CHECK(w.accounts[name].incident.is_open(day(51)));
}

TEST_CASE("only the incident that is open can be closed, and it is known whose ways it was") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    CHECK(close_incident(w.place(name), day(22), true));
    CHECK(w.accounts[name].incident.normal);
    CHECK_FALSE(close_incident(w.place(name), day(23), false));
    CHECK(w.accounts[name].incident.normal);
    CHECK(w.accounts[name].incident.closed == day(22));
}

TEST_CASE("an incident that pauses for three days is told of again when it goes on") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    const std::string id = w.accounts[name].incident.id;
    AccountEvent rule = act(AccountEventKind::RuleActivated, day(22), name, kStrange);
    rule.rule = hiding_rule();
    CHECK_FALSE(w.see(rule).opened);
    const Time before = w.accounts[name].incident.raised;
    (void)take_over(w, name, day(27), "192.0.2.200");
    CHECK(w.accounts[name].incident.raised > before + AccountIncident::kPause);
    CHECK(w.accounts[name].incident.raises == 2);
    CHECK(w.accounts[name].incident.id == id);
}

TEST_CASE("a network that many here use surprises less than one that nobody does") {
    AccountWorld w;
    w.live(40, 3);
    const std::string name = AccountWorld::name(0);  // its phone is in 110.0.0.0/24
    const auto known = w.see(login(day(3, 18), name, "110.0.3.9", "iPhone Mail"));
    AccountWorld other;
    other.live(40, 3);
    const auto unknown = other.see(login(day(3, 18), name, "203.0.113.9", "iPhone Mail"));
    const std::size_t f = index_of(AccountFeature::network);
    CHECK(known.nats[f] > 0);
    CHECK(unknown.nats[f] > known.nats[f] + 1);
}

TEST_CASE("risk fades with time and is slower to when an incident is open") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)take_over(w, name, day(21));
    const AccountState& a = w.accounts[name];
    const double now = account_risk(a, day(21)), later = account_risk(a, day(33));
    CHECK(now > 60);
    CHECK(later < now);
    AccountState closed = a;
    closed.incident = {};
    CHECK(account_risk(closed, day(33)) < later);
}

TEST_CASE("failed logins are counted, and the login after them shows it") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    AccountEvent failed = login(day(21), name, kStrange);
    failed.kind = AccountEventKind::LoginFailed;
    failed.repeats = 4'000'000'000U;
    CHECK_FALSE(w.see(failed).alert);
    CHECK(w.accounts[name].failures.size() == AccountState::kMaxFailures);
    const auto j = w.see(login(day(21) + Seconds(60), name, kStrange));
    CHECK(has_indicator(j.indicators, AccountIndicator::failures_first));
    const auto after = w.see(login(day(21) + Seconds(3700), name, kStrange));
    CHECK_FALSE(has_indicator(after.indicators, AccountIndicator::failures_first));
}

TEST_CASE("an event without an address belongs to its session's network") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    AccountEvent in = login(day(21), name, kStrange, kImaplib);
    in.session = "s1";
    (void)w.see(in);
    AccountEvent read = act(AccountEventKind::Read, day(21) + Seconds(60), name, "", 3000);
    read.session = "s1";
    CHECK(w.see(read).hand > kForeignHand);
}

TEST_CASE("counts of a whole session are left alone where single reads are told") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)w.see(act(AccountEventKind::Read, day(21), name, "198.51.100.7", 5));
    (void)w.see(act(AccountEventKind::SessionEnd, day(21), name, "198.51.100.7", 5));
    CHECK(w.accounts[name].today[index_of(AccountFeature::read_day)] == 5);
}

TEST_CASE("an event of yesterday that comes late counts for no day, and moves no clock back") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)w.see(login(day(21, 9), name, "198.51.100.7"));
    const Time last = w.accounts[name].last;
    (void)w.see(act(AccountEventKind::Read, day(20, 9), name, "198.51.100.7", 5000));
    CHECK(w.accounts[name].last == last);
    CHECK(w.accounts[name].today[index_of(AccountFeature::read_day)] == 0);
}

TEST_CASE("whatever an account does, what is kept of it stays within its bounds") {
    AccountWorld w;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    for (int i = 0; i < 2000; ++i) {
        const std::string addr =
            std::to_string(1 + i % 200) + "." + std::to_string(i / 200) + ".1.1";
        AccountEvent e = login(day(21) + Seconds(30 * i), name, addr,
                               "client" + std::string(1, static_cast<char>('a' + i % 26)));
        e.session = std::to_string(i);
        (void)w.see(e);
        (void)w.see(act(AccountEventKind::Read, e.time + Seconds(1), name, addr, ~0ULL));
    }
    const AccountState& a = w.accounts[name];
    CHECK(a.endpoints.size() <= AccountState::kMaxEndpoints);
    CHECK(a.sessions.size() <= AccountState::kMaxSessions);
    CHECK(a.unusual.size() <= AccountState::kMaxUnusual);
    CHECK(a.incident.steps.size() <= AccountIncident::kMaxSteps);
    CHECK(a.incident.left_out > 0);
    for (const Habit& h : a.habits) CHECK(h.values().size() <= kMostOfAccount);
}

TEST_CASE("a login from far away minutes after one at home is told with numbers") {
    AccountWorld w;
    w.home = kBerlin;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    (void)w.see(login(day(21, 9), name, "198.51.100.7"), kBerlin);
    const auto j = w.see(login(day(21, 9) + Seconds(840), name, kStrange), kSaoPaulo);
    CHECK(has_indicator(j.indicators, AccountIndicator::travels_impossibly));
    CHECK(has(j.text, "from 203.0.113.0/24 (AS64497, BR)"));
    INFO(j.text);
    CHECK(has(j.text, ": 14 minutes after it was used from DE, 10,300 km away"));
    // Half a day later it could be the user, who had time for the flight.
    AccountWorld later;
    later.home = kBerlin;
    later.live(40, 20);
    (void)later.see(login(day(21, 0), name, "198.51.100.7"), kBerlin);
    CHECK_FALSE(has_indicator(later.see(login(day(21, 11), name, kStrange), kSaoPaulo).indicators,
                              AccountIndicator::travels_impossibly));
}

TEST_CASE("between places that the account knows nobody travels: they are a VPN") {
    AccountWorld w;
    w.home = kBerlin;
    w.options.alerts_per_week = 0;  // nobody answers
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    for (int d = 21; d < 40; ++d) {
        (void)w.see(login(day(d, 9), name, "198.51.100.7"), kBerlin);
        const auto j = w.see(login(day(d, 10), name, "192.0.2.9"), kSaoPaulo);
        if (d > 30) CHECK_FALSE(has_indicator(j.indicators, AccountIndicator::travels_impossibly));
    }
    // Home again is no journey either, however rare the other place is.
    (void)w.see(login(day(41, 9), name, kStrange), kTokyo);
    CHECK_FALSE(has_indicator(
        w.see(login(day(41, 9) + Seconds(60), name, "198.51.100.7"), kBerlin).indicators,
        AccountIndicator::travels_impossibly));
}

TEST_CASE("a known network in a country where the account never was is a strange place") {
    AccountWorld w;
    w.home = kBerlin;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    GeoPlace moved = kBerlin;
    moved.country = "JP";
    const auto j = w.see(login(day(21, 9), name, "198.51.100.7"), moved);
    CHECK(j.nats[index_of(AccountFeature::network)] < 2);
    CHECK(j.nats[index_of(AccountFeature::country)] > 3);
    CHECK((j.unseen >> index_of(AccountFeature::country) & 1U) == 1);
    CHECK(has(j.text, "the country JP was never seen for this account"));
}

TEST_CASE("another network of a provider that the account knows is hardly a strange place") {
    AccountWorld w;
    w.home = kBerlin;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    const auto known = w.see(login(day(21, 9), name, kStrange), kBerlin);
    AccountWorld without;
    without.live(40, 20);
    const auto as_before = without.see(login(day(21, 9), name, kStrange));
    CHECK(as_before.hand > 4);
    CHECK(known.hand < as_before.hand - 5);
    // What is told of the network is the same.
    CHECK(known.nats[index_of(AccountFeature::network)] ==
          as_before.nats[index_of(AccountFeature::network)]);
    // A provider of somebody else makes it as strange as ever.
    CHECK(w.see(login(day(21, 9), AccountWorld::name(4), kStrange), kTokyo).hand >= as_before.hand);
}

TEST_CASE("the first day with a database of addresses surprises nobody") {
    AccountWorld before, after;
    before.live(40, 20);
    after.live(40, 20);
    for (int i = 0; i < 40; ++i) {
        const std::string name = AccountWorld::name(i);
        const AccountEvent e = login(day(21, 9) + Seconds(60 * i), name, "198.51.100.7");
        const auto plain = before.see(e), placed = after.see(e, kBerlin);
        CHECK(placed.hand == plain.hand);
        CHECK(placed.unseen == plain.unseen);
    }
}

TEST_CASE("what the gate holds back of a place is learned with the rest of the event") {
    AccountWorld w;
    w.home = kBerlin;
    w.live(40, 20);
    const std::string name = AccountWorld::name(3);
    w.options.alerts_per_week = 0;
    (void)w.see(login(day(21), name, kStrange, kImaplib), kSaoPaulo);
    const AccountState& a = w.accounts[name];
    CHECK_FALSE(a.habits[index_of(AccountFeature::country)].knows(country_value("BR")));
    CHECK_FALSE(a.habits[index_of(AccountFeature::provider)].knows(64497));
    (void)w.see(login(day(28), name, "198.51.100.7"), kBerlin);
    CHECK(a.habits[index_of(AccountFeature::country)].knows(country_value("BR")));
    CHECK(a.habits[index_of(AccountFeature::provider)].knows(64497));
}
