// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/codec.hpp"

#include <fstream>
#include <iterator>
#include <map>

#include "engine/accounts/past_incidents.hpp"
#include "tests/support/damaged.hpp"
#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// An account with something in every list.
AccountState lived_in(AccountWorld& w) {
    w.live(20, 20);
    const std::string name = AccountWorld::name(3);
    const Time t = kMonday + Seconds(21 * 86400 + 3 * 3600);
    note_arrived("abcdefgh234567ab", t - Seconds(3600), 2.5, w.accounts[name]);
    AccountEvent failed = login(t - Seconds(60), name, "203.0.113.9");
    failed.kind = AccountEventKind::LoginFailed;
    failed.repeats = 5;
    (void)w.see(failed);
    AccountEvent in = login(t, name, "203.0.113.9", "\"name\" \"imaplib\"");
    in.session = "x";
    (void)w.see(in, kTokyo);
    AccountEvent rule = act(AccountEventKind::RuleActivated, t + Seconds(60), name, "203.0.113.9");
    rule.rule = hiding_rule();
    (void)w.see(rule);
    return w.accounts[name];
}

std::map<std::string, std::string> pieces(const AccountSite& site) {
    std::map<std::string, std::string> out;
    encode_site(site, [&](const std::string& name, std::string bytes) { out[name] = bytes; });
    return out;
}

/// Written once by the release that brought the format, never again.
std::string old_bytes(const std::string& name) {
    std::ifstream in(KITH_SOURCE_DIR "/tests/golden/formats/" + name, std::ios::binary);
    if (!in) FAIL("cannot read " << name);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("an account comes back as it was, every list of it") {
    AccountWorld w;
    const AccountState a = lived_in(w);
    REQUIRE_FALSE(a.incident.steps.empty());
    REQUIRE_FALSE(a.pending.empty());
    REQUIRE_FALSE(a.sessions.empty());
    REQUIRE_FALSE(a.failures.empty());
    REQUIRE_FALSE(a.arrived.empty());
    REQUIRE_FALSE(a.unusual.empty());
    const std::string bytes = encode(a);
    CHECK(bytes.size() < 20'000);
    const auto back = decode_account_state(bytes);
    REQUIRE(back);
    CHECK(encode(*back) == bytes);
    CHECK(back->name == a.name);
    CHECK(back->incident.id == a.incident.id);
    CHECK(back->incident.indicators == a.incident.indicators);
    CHECK(back->incident.steps.back().text == a.incident.steps.back().text);
    CHECK(back->incident.raised == a.incident.raised);
    CHECK(back->incident.raises == 1);
    CHECK(back->endpoints.back().nats == a.endpoints.back().nats);
    CHECK(back->endpoints.back().diverted == a.endpoints.back().diverted);
    CHECK(back->endpoints.back().point == a.endpoints.back().point);
    CHECK(back->endpoints.back().country == "JP");
    CHECK(back->endpoints.back().used == a.endpoints.back().used);
    CHECK(back->today == a.today);
    CHECK(back->peaks == a.peaks);
    CHECK(back->score == a.score);
    CHECK(back->tells_reads);
    CHECK(decode_account_state(encode(AccountState{})));
}

TEST_CASE("incidents before the last one come back, within their bounds") {
    AccountState a = full_account_3();
    const auto back = decode_account_state(encode(a));
    REQUIRE(back);
    REQUIRE(back->past.size() == 1);
    CHECK(back->past[0].id == a.past[0].id);
    CHECK(back->past[0].closed == a.past[0].closed);
    CHECK(back->past[0].normal);
    CHECK(back->past[0].steps[0].text == a.past[0].steps[0].text);
    CHECK_FALSE(back->incident.normal);
    // More than there may be, as another build may have written it: the newest stay.
    for (int i = 0; i < 20; ++i) {
        a.past.push_back(a.past[0]);
        a.past.back().id = "past" + std::to_string(i);
    }
    const auto bounded = decode_account_state(encode(a));
    REQUIRE(bounded);
    REQUIRE(bounded->past.size() == kMaxPastIncidents);
    CHECK(bounded->past.back().id == "past19");
    CHECK(bounded->past.front().id == "past12");
    // One without an id is none.
    a.past = {AccountIncident{}};
    CHECK(decode_account_state(encode(a))->past.empty());
}

TEST_CASE("the site comes back piece by piece") {
    AccountWorld w;
    (void)lived_in(w);
    (void)w.site.clocks["imap1"].correct(kMonday, kMonday + Seconds(500));
    const auto all = pieces(w.site);
    CHECK(all.size() == kAccountFeatures + kAccountStrata + 2);
    AccountSite back;
    for (const auto& [name, bytes] : all) CHECK(decode_site_piece(name, bytes, back));
    CHECK(pieces(back) == all);
    CHECK(back.scales[kAccountStrata].size() == back.peaks[kAccountStrata].size());
    CHECK_FALSE(decode_site_piece("peaks/6", all.at("peaks/5"), back));
    CHECK_FALSE(decode_site_piece("novelty/99", all.at("novelty/1"), back));
    CHECK_FALSE(decode_site_piece("", "", back));
}

TEST_CASE("a habit is one of its own feature") {
    Habit h;
    h.add(7, 100, 8);
    Habit back;
    CHECK(decode_habit(encode(h, 5), 5, back));
    CHECK(back.knows(7));
    CHECK_FALSE(decode_habit(encode(h, 5), 6, back));
    CHECK_FALSE(decode_habit("", 5, back));
}

TEST_CASE("damaged records never crash and keep every bound") {
    AccountWorld w;
    AccountState account = lived_in(w);
    for (int i = 0; i < 3; ++i) {
        account.past.push_back(account.incident);
        account.past.back().id = "past" + std::to_string(i);
    }
    const std::string whole = encode(account);
    for (std::size_t size = 0; size < whole.size(); size += 7)
        (void)decode_account_state(std::string(whole.substr(0, size)));
    const auto seed = GENERATE(as<unsigned>(), 1, 2);
    CAPTURE(seed);
    int read = 0;
    for_each_damaged(whole, seed, [&](const std::string& bytes) {
        const auto a = decode_account_state(bytes);
        if (!a) return;
        ++read;
        REQUIRE(a->endpoints.size() <= AccountState::kMaxEndpoints);
        REQUIRE(a->incident.steps.size() <= AccountIncident::kMaxSteps);
        REQUIRE(a->past.size() <= kMaxPastIncidents);
        REQUIRE(a->risk >= 0);
        REQUIRE(decode_account_state(encode(*a)));
    });
    CHECK(read > 100);
}

TEST_CASE("old bytes of accounts still give what they were made of") {
    const auto a = decode_account_state(old_bytes("account-state-v1.bin"));
    REQUIRE(a);
    CHECK(encode(*a) == encode(full_account_v1()));
    const auto placed = decode_account_state(old_bytes("account-state-v1-2.bin"));
    REQUIRE(placed);
    CHECK(encode(*placed) == encode(full_account()));
    CHECK(placed->past.empty());
    const auto with_past = decode_account_state(old_bytes("account-state-v1-3.bin"));
    REQUIRE(with_past);
    CHECK(encode(*with_past) == encode(full_account_3()));
    CHECK(with_past->past[0].normal);
    Habit habit;
    REQUIRE(decode_habit(old_bytes("account-habit-v1.bin"), 1, habit));
    CHECK(encode(habit, 1) == encode(full_account().habits[0], 1));
    AccountSite site;
    for (const auto& [name, file] :
         std::map<std::string, std::string>{{"basics", "account-basics-v1.bin"},
                                            {"peaks/5", "account-peaks-v1.bin"},
                                            {"novelty/1", "account-novelty-v1.bin"}}) {
        REQUIRE(decode_site_piece(name, old_bytes(file), site));
        CHECK(pieces(site).at(name) == pieces(full_site()).at(name));
    }
}

TEST_CASE("keys of different things differ") {
    const Key16 k = kHasher.key("x", "y");
    CHECK(account_state_key(k).front() == 'a');
    CHECK(account_habit_key(k, 1) != account_habit_key(Key16{}, 1));
    CHECK(account_site_key("basics") == "sbasics");
    CHECK(account_event_key(1) != account_event_key(2));
    CHECK(account_event_key(1).size() == 9);
}
