// SPDX-License-Identifier: Apache-2.0
// Events of accounts from the journal to the store (engine/learner/account_learner.hpp): repeats,
// late and wrong times, restarts, what is bounded, incidents and their end.
#include "engine/learner/account_learner.hpp"

#include "engine/accounts/codec.hpp"
#include "engine/features/observe.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

const Hasher kHasher(Hasher::Secret{1, 2, 3});
const std::vector<std::string> kOwn = {"own.example"};
constexpr const char* kAnna = "anna@own.example";

Time at(double days) { return day(0) + Seconds(static_cast<long>(86400 * days)); }

AccountEvent event(AccountEventKind kind, Time t, const std::string& account,
                   const std::string& addr, std::uint64_t messages = 0) {
    AccountEvent e;
    e.kind = kind;
    e.time = t;
    e.account = account;
    e.client_addr = addr;
    e.service = "imap";
    e.host = "imap1";
    e.messages = messages;
    return e;
}

AccountEvent login(Time t, const std::string& account = kAnna,
                   const std::string& addr = "198.51.100.7") {
    return event(AccountEventKind::Login, t, account, addr);
}

/// 30 people in an office for some weeks.
template <class Take>
void live(int days, const Take& take) {
    for (int d = 0; d < days; ++d)
        for (int i = 0; i < 30; ++i) {
            const std::string name = i == 0 ? kAnna : "user" + std::to_string(i) + "@own.example";
            const Time t = at(d + .4 + .001 * i);
            take(login(t, name));
            take(event(AccountEventKind::Read, t + Seconds(60), name, "198.51.100.7",
                       static_cast<std::uint64_t>(5 + (d + i) % 5)));
        }
}

std::vector<AccountEvent> takeover(double when, const std::string& addr = "203.0.113.9") {
    AccountEvent rule = event(AccountEventKind::RuleActivated, at(when + .01), kAnna, addr);
    rule.rule.redirects = {"x@elsewhere.example"};
    rule.rule.understood = true;
    return {login(at(when), kAnna, addr),
            event(AccountEventKind::Read, at(when + .005), kAnna, addr, 4000), rule};
}

struct World {
    AccountJudgeOptions options;
    AccountLearner learner{kHasher, options, kOwn};
    std::optional<AccountJudgement> take(const AccountEvent& e) { return take(e, e.time); }
    std::optional<AccountJudgement> take(const AccountEvent& e, Time arrived) {
        return must(learner.take(e, arrived));
    }
    const AccountState& anna() { return *must(learner.find(kAnna)); }
};

void must_ok(const Status& status) {
    if (!status) FAIL(status.error().text());
}

}  // namespace

TEST_CASE("an event told twice counts once, before and after it is in the store") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    AccountEvent e = login(at(0));
    e.id = "imap1:1";
    CHECK(w.take(e));
    CHECK_FALSE(w.take(e));
    must_ok(w.learner.flush(store));
    w.learner.flushed();
    CHECK_FALSE(w.take(e));
    World later;
    later.learner.read_from(&store);
    CHECK_FALSE(later.take(e));
    CHECK(later.anna().logins == 1);
    e.id.clear();  // without an id nothing can be said
    CHECK(later.take(e));
}

TEST_CASE("an account and the site come back from the store as they were") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    live(12, [&](const AccountEvent& e) { (void)w.take(e); });
    must_ok(w.learner.flush(store));
    w.learner.flushed();
    World later;
    later.learner.read_from(&store);
    CHECK(must(later.learner.load_site()) == 0);
    CHECK(later.anna().logins == w.anna().logins);
    CHECK(later.learner.site().peaks.back().values() == w.learner.site().peaks.back().values());
    const auto a = w.take(login(at(13), kAnna, "203.0.113.9"));
    const auto b = later.take(login(at(13), kAnna, "203.0.113.9"));
    CHECK(a->nats == b->nats);
    CHECK(a->risk_nats == Approx(b->risk_nats));
}

TEST_CASE("a flush without anything new writes nothing") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    (void)w.take(login(at(0)));
    must_ok(w.learner.flush(store));
    w.learner.flushed();
    const int calls = store.calls;
    must_ok(w.learner.flush(store));
    CHECK(store.calls == calls);
}

TEST_CASE("errors of the store come back and nothing is forgotten") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    (void)w.take(login(at(0)));
    store.fail_from = store.calls;
    CHECK_FALSE(w.learner.take(login(at(1), "other@own.example"), at(1)));
    CHECK_FALSE(w.learner.flush(store));
    store.fail_from = -1;
    must_ok(w.learner.flush(store));
    CHECK(must(find_account(store, account_key(kHasher, kAnna))).has_value());
}

TEST_CASE("failed logins of names that nobody logs in by leave nothing behind") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    for (int i = 0; i < 1000; ++i) {
        AccountEvent guess =
            event(AccountEventKind::LoginFailed, at(0), "guess" + std::to_string(i), "203.0.113.9");
        guess.id = "login/" + std::to_string(i);
        CHECK_FALSE(w.take(guess));
    }
    must_ok(w.learner.flush(store));
    w.learner.flushed();
    CHECK_FALSE(must(
        store.get(Table::Accounts, account_event_key(kHasher.hash64("account event", "login/7")))));
    CHECK(must(w.learner.find("guess1")) == nullptr);
    (void)w.take(login(at(0)));
    CHECK(w.take(event(AccountEventKind::LoginFailed, at(0), kAnna, "203.0.113.9")));
    CHECK(w.anna().failures.size() == 1);
    CHECK_FALSE(w.take(login(at(0), " ")));
}

TEST_CASE("a host whose clock is wrong is put right, and hosts that nobody has share a clock") {
    World w;
    for (int i = 0; i < 20; ++i) (void)w.take(login(at(.01 * i) - Seconds(3600)), at(.01 * i));
    CHECK(w.learner.site().clocks.at("imap1").behind() == Seconds(3600));
    CHECK(w.anna().last == at(.19));
    for (int i = 0; i < 200; ++i) {
        AccountEvent e = login(at(1));
        e.host = "invented" + std::to_string(i);
        (void)w.take(e);
    }
    CHECK(w.learner.site().clocks.size() <= AccountSite::kMaxHosts + 1);
}

TEST_CASE("events of an outage come late and in any order, and open no incident by that") {
    World w;
    live(14, [&](const AccountEvent& e) { (void)w.take(e); });
    std::vector<AccountEvent> late;
    for (int i = 0; i < 40; ++i) late.push_back(login(at(14 + .002 * i)));
    for (std::size_t i = late.size(); i-- > 0;) {
        const auto j = w.take(late[i], at(14.2));
        CHECK_FALSE(j->alert);
    }
    CHECK(w.anna().last == at(14 + .002 * 39));
}

TEST_CASE("an event from the future happens when it is told") {
    World w;
    (void)w.take(login(at(4000)), at(1));
    CHECK(w.anna().last == at(1));
}

TEST_CASE("mail that reached the account and mail it sent belong to its story") {
    World w;
    live(14, [&](const AccountEvent& e) { (void)w.take(e); });
    MailRecord in;
    in.id = "abcdefgh234567ab";
    in.time = in.observations.time = at(13.9);
    in.rcpts = {kAnna, "nobody@own.example"};
    in.assessment.stratum = Stratum::NewLink;
    in.assessment.own_evidence = 2.5;
    CHECK_FALSE(must(w.learner.take(in)));
    for (const AccountEvent& e : takeover(14.1)) (void)w.take(e);
    MailRecord out;
    out.id = "bbcdefgh234567ab";
    out.time = out.observations.time = at(14.2);
    out.auth_user = kAnna;
    out.client_addr = "203.0.113.9";
    out.observations.direction = Direction::Outbound;
    out.observations.rcpts = {kHasher.key("r", "1")};
    out.assessment.stratum = Stratum::Request;
    out.assessment.own_evidence = 2;
    const auto sent = must(w.learner.take(out));
    REQUIRE(sent);
    CHECK(sent->alert);
    const AccountIncident& i = w.anna().incident;
    REQUIRE(i.is_open(at(14.2)));
    CHECK(i.steps.front().mail == in.id);
    CHECK(i.steps.back().mail == out.id);
    CHECK(must(w.learner.find("nobody@own.example")) == nullptr);
}

TEST_CASE("imported mail and kith's own say nothing about accounts") {
    World w;
    MailRecord m;
    m.auth_user = kAnna;
    m.observations.direction = Direction::Outbound;
    m.imported = true;
    CHECK_FALSE(must(w.learner.take(m)));
    m.imported = false;
    m.own = true;
    CHECK_FALSE(must(w.learner.take(m)));
    m.own = false;
    CHECK(must(w.learner.take(m)));
}

TEST_CASE("an incident is found in the store, closed by its id, and expires with its account") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    live(14, [&](const AccountEvent& e) { (void)w.take(e); });
    for (const AccountEvent& e : takeover(14.1)) (void)w.take(e);
    must_ok(w.learner.flush(store));
    w.learner.flushed();
    const auto all = must(list_account_incidents(store));
    REQUIRE(all.size() == 1);
    CHECK(all[0].account == kAnna);
    CHECK(all[0].id.size() == 16);
    CHECK(must(find_account_incident(store, all[0].id.substr(0, 5))).id == all[0].id);
    CHECK(find_account_incident(store, "zzzz").error().code == ErrorCode::NoInput);
    CHECK_FALSE(find_account_incident(store, "").has_value());

    CHECK_FALSE(must(w.learner.close("zzzzzzzzzzzzzzzz", at(15), false)));
    CHECK(must(w.learner.close(all[0].id, at(15), false)));
    CHECK_FALSE(must(w.learner.close(all[0].id, at(15), false)));
    must_ok(w.learner.flush(store));
    CHECK(must(list_account_incidents(store))[0].closed == at(15));

    CHECK(must(expire_accounts(store, at(15), at(0), 1000)) == 0);
    CHECK(must(expire_accounts(store, at(14 + 401), at(0), 1000)) > 0);
    CHECK(must(expire_accounts(store, at(14 + 401), at(0), 1000)) > 0);  // what pointed to them
    CHECK(must(list_account_incidents(store)).empty());
}

/// anna@'s record with an incident that is open at day 40 and two before it, as it is stored.
struct PastWorld : World {
    MemoryStore store;
    PastWorld() {
        AccountState a;
        a.name = kAnna;
        a.first = at(0);
        a.last = at(40);
        a.incident = incident("cccccccccccccccc", 40);
        a.past = {incident("aaaaaaaaaaaaaaaa", 5), incident("bbbbbbbbbbbbbbbb", 20)};
        a.past[0].closed = at(6);
        a.past[1].closed = a.past[1].last + AccountIncident::kKept;
        const Key16 key = account_key(kHasher, kAnna);
        must_ok(store.put(Table::Accounts, account_state_key(key), encode(a)));
        for (const char* id : {"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"})
            must_ok(store.put(Table::Accounts, "c" + std::string(id), key.view()));
        learner.read_from(&store);
    }
    static AccountIncident incident(const std::string& id, double day) {
        AccountIncident i;
        i.id = id;
        i.account = kAnna;
        i.opened = i.last = i.raised = at(day);
        i.steps = {{at(day), AccountAct::Forward, "sends on to eve@else.example", "", 0, 60}};
        return i;
    }
    std::vector<std::string> listed() {
        std::vector<std::string> out;
        for (const AccountIncident& i : must(list_account_incidents(store))) out.push_back(i.id);
        return out;
    }
    std::size_t pointers() {
        std::size_t n = 0;
        must_ok(store.scan(Table::Accounts, "c", [&](std::string_view key, std::string_view) {
            n += key.front() == 'c' ? 1U : 0U;
            return true;
        }));
        return n;
    }
};

TEST_CASE("incidents before the last one are listed, found, and cannot be closed again") {
    PastWorld w;
    CHECK(w.listed() ==
          std::vector<std::string>{"cccccccccccccccc", "bbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaa"});
    const AccountIncident first = must(find_account_incident(w.store, "aaaaa"));
    CHECK(first.closed == at(6));
    CHECK(first.steps.size() == 1);
    CHECK_FALSE(must(w.learner.close("aaaaaaaaaaaaaaaa", at(41), true)));
    CHECK(must(w.learner.close("cccccccccccccccc", at(41), true)));
}

TEST_CASE("incidents go with their time, the open one and what else is known stay") {
    PastWorld w;
    CHECK(must(expire_accounts(w.store, at(41), at(4), 1000)) == 0);
    CHECK(must(expire_accounts(w.store, at(41), at(10), 1000)) > 0);
    CHECK(w.listed() == std::vector<std::string>{"cccccccccccccccc", "bbbbbbbbbbbbbbbb"});
    CHECK(w.pointers() == 2);
    CHECK(must(expire_accounts(w.store, at(41), at(41), 1000)) > 0);
    CHECK(w.listed() == std::vector<std::string>{"cccccccccccccccc"});
    CHECK(must(expire_accounts(w.store, at(60), at(41), 1000)) > 0);
    CHECK(w.listed().empty());
    CHECK(w.pointers() == 0);
    CHECK(must(find_account(w.store, account_key(kHasher, kAnna)))->name == kAnna);
}

TEST_CASE("with an account all of its incidents are forgotten") {
    PastWorld w;
    must_ok(w.learner.forget(account_key(kHasher, kAnna)));
    must_ok(w.learner.flush(w.store));
    CHECK(w.listed().empty());
    CHECK(w.pointers() == 0);
}

TEST_CASE("a name is taken out of the steps of past incidents as well") {
    PastWorld w;
    must_ok(w.learner.reword(
        w.store, [](const std::string& text) { return text.substr(0, 8); }, [] {}));
    must_ok(w.learner.flush(w.store));
    for (const AccountIncident& i : must(list_account_incidents(w.store)))
        CHECK(i.steps[0].text == "sends on");
}

TEST_CASE("a forgotten account begins anew") {
    World w;
    MemoryStore store;
    w.learner.read_from(&store);
    (void)w.take(login(at(0)));
    must_ok(w.learner.flush(store));
    w.learner.flushed();
    must_ok(w.learner.forget(account_key(kHasher, "ANNA@own.example")));
    CHECK(must(w.learner.find(kAnna)) == nullptr);
    must_ok(w.learner.flush(store));
    CHECK_FALSE(must(find_account(store, account_key(kHasher, kAnna))).has_value());
}

TEST_CASE(
    "records that do not decode are an account that begins anew, and a piece that is counted") {
    World w;
    MemoryStore store;
    must_ok(store.put(Table::Accounts, "sbasics", "damage"));
    must_ok(store.put(Table::Accounts, "a" + std::string(account_key(kHasher, kAnna).view()),
                      "damage"));
    w.learner.read_from(&store);
    CHECK(must(w.learner.load_site()) == 1);
    CHECK(w.take(login(at(0))));
    CHECK(w.anna().logins == 1);
}

TEST_CASE("how an event was judged is kept by its place in the journal until the segment is gone") {
    LearnerSite site;
    site.config.site.domains = kOwn;
    site.config.journal.segment_bytes = 64 << 10;
    live(14, [&](const AccountEvent& e) { site.journal(RecordType::Account, e.time, encode(e)); });
    for (const AccountEvent& e : takeover(14.1))
        site.journal(RecordType::Account, e.time, encode(e));
    site.learn();
    auto journal = must(JournalReader::open(site.config.journal));
    std::vector<JournalRecord> records;
    while (auto next = must(journal->next())) records.push_back(std::move(*next));
    REQUIRE(records.size() == 14 * 30 * 2 + 3);
    std::uint64_t kept = 0;
    {
        auto store = must(Store::open(site.config.store, Store::Mode::Read));
        const auto reader = must(store->read());
        const auto judged = [&](const JournalRecord& r) {
            return must(find_kept_judgement(*reader, r.position, r.time));
        };
        const KeptJudgement in = judged(records[records.size() - 3]);
        CHECK(is_unseen(in, index_of(AccountFeature::network)));
        CHECK(in.nats[index_of(AccountFeature::network)] > 3);
        const KeptJudgement rule = judged(records.back());
        CHECK(has_indicator(rule.indicators, AccountIndicator::suspicious_rule));
        CHECK(rule.risk > 20);
        // Another record in the place after a loss.
        CHECK_FALSE(is_worth_keeping(must(find_kept_judgement(*reader, records.back().position,
                                                              records.back().time + Seconds(1)))));
        for (const JournalRecord& r : records) kept += is_worth_keeping(judged(r)) ? 1U : 0U;
    }
    // Days like all others leave nothing.
    CHECK(kept >= 3);
    CHECK(kept < records.size() / 10);
    const std::uint64_t last = records.back().position.segment;
    REQUIRE(last > 1);
    auto store = must(Store::open(site.config.store, Store::Mode::Write));
    const auto count = [&] {
        std::size_t n = 0;
        const auto reader = must(store->read());
        must_ok(reader->scan(Table::Accounts, "j", [&](std::string_view key, std::string_view) {
            n += key.front() == kKeptJudgementKey ? 1U : 0U;
            return true;
        }));
        return n;
    };
    const std::size_t before = count();
    for (std::uint64_t segment = 1; segment < last; ++segment)
        std::filesystem::remove(segment_path(site.config.journal, segment));
    auto writer = must(store->write());
    must_ok(expire_kept_judgements(*writer, site.config.journal));
    must_ok(writer->commit());
    CHECK(count() < before);
    CHECK(count() >= 1);
}

TEST_CASE("the journal's account events are learned in the learner's own transaction, once") {
    LearnerSite site;
    site.config.site.domains = kOwn;
    live(14, [&](const AccountEvent& e) { site.journal(RecordType::Account, e.time, encode(e)); });
    for (const AccountEvent& e : takeover(14.1))
        site.journal(RecordType::Account, e.time, encode(e));
    site.journal(RecordType::Account, at(14.2), "no event");
    const std::size_t records = 14 * 30 * 2 + 4;
    CHECK(site.learn() == records);
    CHECK(site.learn() == 0);
    std::string id;
    {
        auto store = must(Store::open(site.config.store, Store::Mode::Read));
        const auto reader = must(store->read());
        const auto all = must(list_account_incidents(*reader));
        REQUIRE(all.size() == 1);
        CHECK(all[0].account == kAnna);
        id = all[0].id;
    }
    site.journal_admin(RecordType::Close, at(15), id, true);
    CHECK(site.learn() == 1);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    const auto reader = must(store->read());
    CHECK_FALSE(must(list_account_incidents(*reader))[0].is_open(at(15)));
}
