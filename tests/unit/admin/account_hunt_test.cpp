// SPDX-License-Identifier: Apache-2.0
// `kith hunt --accounts` and models of accounts over a recorded past of half a year: three dozen
// people with their own ways, one account that is taken over in steps which lie weeks apart, others
// on which one of these steps is missing, and a traveller with a new telephone.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

#include "engine/config/config.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/learner/learner.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using test::Site;
using Json = nlohmann::json;

namespace {

constexpr int kPeople = 36, kDays = 150;
constexpr Time kBegin{Seconds(1'767'571'200)};  // Monday 2026-01-05
constexpr int kVictim = 7, kTraveller = 30;

Time at(int day, double hour) {
    return kBegin + Seconds(86400LL * day + static_cast<long>(3600 * hour));
}

std::string person(int i) { return "user" + std::to_string(i) + "@example.org"; }

AccountEvent event(AccountEventKind kind, Time t, int who, const std::string& addr) {
    AccountEvent e;
    e.kind = kind;
    e.time = t;
    e.account = person(who);
    e.client_addr = addr;
    e.service = "imap";
    e.host = "imap1";
    return e;
}

AccountEvent login(Time t, int who, const std::string& addr, const std::string& client) {
    AccountEvent e = event(AccountEventKind::Login, t, who, addr);
    e.client_id = "\"name\" \"" + client + "\"";
    e.mechanism = "PLAIN";
    e.tls = "TLSv1.3 x";
    return e;
}

AccountEvent touch(AccountEventKind kind, Time t, int who, const std::string& addr,
                   const std::string& mailbox, std::uint64_t messages) {
    AccountEvent e = event(kind, t, who, addr);
    e.mailbox = mailbox;
    e.messages = messages;
    e.bytes = messages * 40000;
    return e;
}

/// The six steps on days 40, 43, 52, 75, 101 and 140.
std::vector<AccountEvent> intrusion(int who, const std::string& addr) {
    AccountEvent consent = event(AccountEventKind::Credential, at(43, 1), who, addr);
    consent.detail = "consent to another client";
    AccountEvent rule = event(AccountEventKind::RuleActivated, at(52, 2), who, addr);
    rule.service = "managesieve";
    rule.rule.folders = {"RSS Feeds"};
    rule.rule.marks_seen = rule.rule.stops = rule.rule.understood = rule.rule.conditional = true;
    rule.rule.topics = static_cast<std::uint8_t>(RuleTopic::Security);
    return {login(at(40, 3), who, addr, "Thunderbird"),
            consent,
            rule,
            touch(AccountEventKind::Read, at(75, 2), who, addr, "Sent", 60),
            touch(AccountEventKind::Delete, at(101, 3), who, addr, "INBOX", 400),
            touch(AccountEventKind::Read, at(140, 4), who, addr, "INBOX", 6000)};
}

class Past : public Site {
public:
    Past() {
        ordinary();
        const auto all = intrusion(kVictim, "203.0.113.77");
        events_.insert(events_.end(), all.begin(), all.end());
        // On six others one step each is missing.
        for (std::size_t missing = 0; missing < all.size(); ++missing) {
            auto some = intrusion(kVictim + 1 + static_cast<int>(missing),
                                  "192.0." + std::to_string(10 + missing) + ".9");
            some.erase(some.begin() + static_cast<std::ptrdiff_t>(missing));
            // What follows from a place at which nobody logged in is the login's absence only
            // where that place is the office.
            if (missing == 0)
                for (AccountEvent& e : some) e.client_addr = "198.51.100.7";
            events_.insert(events_.end(), some.begin(), some.end());
        }
        travel();
        record();
    }
    [[nodiscard]] Json json(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "--json");
        const auto out = kith(std::move(arguments));
        CHECK(out.err == "");
        CHECK(out.status == 0);
        return Json::parse(out.out);
    }

private:
    void ordinary() {
        std::mt19937 random(7);
        const auto some = [&](int most) {
            return static_cast<int>(random() % static_cast<unsigned>(most));
        };
        for (int day = 0; day < kDays; ++day) {
            if (day % 7 >= 5) continue;
            for (int i = 0; i < kPeople; ++i) {
                const bool home = some(5) == 0;
                const std::string addr = home ? "100.64." + std::to_string(i) + ".4"
                                              : "198.51.100." + std::to_string(1 + some(200));
                const Time t = at(day, 8 + .05 * i + some(3));
                events_.push_back(login(t, i, addr, i % 3 == 0 ? "Outlook" : "Thunderbird"));
                events_.push_back(touch(AccountEventKind::Read, t + Seconds(60), i, addr,
                                        some(12) == 0 ? "Sent" : "INBOX",
                                        static_cast<std::uint64_t>(3 + some(12))));
                if (some(3) == 0)
                    events_.push_back(touch(AccountEventKind::Delete, t + Seconds(600), i, addr,
                                            "INBOX", static_cast<std::uint64_t>(1 + some(4))));
                if (some(300) == 0) {
                    AccountEvent rule =
                        event(AccountEventKind::RuleActivated, t + Seconds(900), i, addr);
                    rule.service = "managesieve";
                    rule.rule.folders = {"Lists"};
                    rule.rule.understood = rule.rule.conditional = true;
                    events_.push_back(rule);
                }
                if (some(300) == 0) {
                    AccountEvent password =
                        event(AccountEventKind::Credential, t + Seconds(950), i, addr);
                    password.detail = "password";
                    events_.push_back(password);
                }
            }
        }
    }
    /// Three weeks of hotels with a new telephone that fetches everything; before, a filter for
    /// newsletters and a tidied mailbox.
    void travel() {
        AccountEvent rule =
            event(AccountEventKind::RuleActivated, at(56, 10), kTraveller, "198.51.100.7");
        rule.service = "managesieve";
        rule.rule.folders = {"Newsletters"};
        rule.rule.understood = rule.rule.conditional = true;
        events_.push_back(rule);
        events_.push_back(
            touch(AccountEventKind::Delete, at(57, 11), kTraveller, "198.51.100.7", "INBOX", 900));
        for (int day = 60; day < 80; ++day) {
            const std::string hotel = "203.0." + std::to_string(day / 4) + ".20";
            events_.push_back(login(at(day, 21), kTraveller, hotel, "K-9 Mail"));
            events_.push_back(touch(AccountEventKind::Read, at(day, 21.1), kTraveller, hotel,
                                    day % 5 == 0 ? "Sent" : "INBOX", day == 60 ? 4000 : 30));
        }
    }
    /// As kith-accounts and the learner would have.
    void record() {
        write_secret();
        std::stable_sort(events_.begin(), events_.end(),
                         [](const auto& a, const auto& b) { return a.time < b.time; });
        auto writer = JournalWriter::open(journal());
        REQUIRE(writer);
        int number = 0;
        for (AccountEvent& e : events_) {
            e.id = "e" + std::to_string(++number);
            REQUIRE((*writer)->append(RecordType::Account, e.time, encode(e)));
        }
        // What is told twice counts once.
        REQUIRE(
            (*writer)->append(RecordType::Account, events_.back().time, encode(events_.back())));
        const auto config = load_config_or_error(dir.file("kith.yaml"));
        REQUIRE(config);
        auto learner = Learner::open(*config);
        if (!learner) FAIL(learner.error().text());
        for (;;) {
            const auto step = (*learner)->step();
            if (!step) FAIL(step.error().text());
            if (step->records == 0) break;
        }
    }

    std::vector<AccountEvent> events_;
};

/// One for all tests: nothing here changes it.
const Past& past() {
    static const Past all;
    return all;
}

}  // namespace

TEST_CASE("the hunt of the energy sector finds the account with all steps, and that one only") {
    const Json j = past().json({"hunt", "--model", "energy-sector-hunt"});
    INFO(j.dump(1));
    CHECK(j["looked_at"]["events"].get<int>() > 8000);
    CHECK(j["matches"] == 1);
    REQUIRE(j["accounts"].size() == 1);
    const Json& found = j["accounts"][0];
    CHECK(found["account"] == person(kVictim));
    std::vector<std::string> days;
    for (const Json& step : found["steps"])
        days.push_back(step["time"].get<std::string>().substr(0, 10));
    CHECK(days == std::vector<std::string>{"2026-02-14", "2026-02-17", "2026-02-26", "2026-03-21",
                                           "2026-04-16", "2026-05-25"});
    CHECK(found["steps"][0]["source"] == "203.0.113.77");
    CHECK(found["steps"][2]["step_attack"] == "T1564.008");
    CHECK(found["steps"][4]["indicators"].dump().find("Mass Deletion") != std::string::npos);
    // With --accounts it is the same.
    CHECK(past().json({"hunt", "--accounts", "--model", "energy-sector-hunt"})["accounts"] ==
          j["accounts"]);
}

TEST_CASE("the hunt tells the steps with their days in text") {
    const auto out = past().kith({"hunt", "--model", "energy-sector-hunt"});
    INFO(out.out);
    CHECK(out.status == 0);
    CHECK(out.out.find("1 account with all 6 steps in this order within 180 days\n") !=
          std::string::npos);
    CHECK(out.out.find("over months one account was entered") != std::string::npos);
    CHECK(out.out.find(person(kVictim) + ": ") != std::string::npos);
    CHECK(out.out.find("2026-02-14 03:00 to 2026-05-25 04:00 UTC (100 days)") != std::string::npos);
    CHECK(out.out.find("a rule that hides mail (T1564.008)") != std::string::npos);
    CHECK(out.out.find("203.0.113.77") != std::string::npos);
}

TEST_CASE("steps further apart than they may be, or before the span, are not found") {
    const std::string file = past().dir.write("close.yaml", R"(scope: accounts
within: 99d
steps:
  - {name: comes in, when: kind = login and new.network and hand >= 6}
  - {name: hides, when: kind = rule-activated and hides_mail}
  - {name: fetches, when: kind = read and messages > 5000}
)");
    CHECK(past().json({"hunt", "--model", file})["matches"] == 0);
    CHECK(past().json(
              {"hunt", "--model", "energy-sector-hunt", "--since", "2026-02-15"})["matches"] == 0);
}

TEST_CASE("a model test says of an account which steps it has") {
    const Json victim = past().json({"model", "test", "energy-sector-hunt", person(kVictim)});
    CHECK(victim["matches"] == true);
    const Json traveller = past().json({"model", "test", "energy-sector-hunt", person(kTraveller)});
    INFO(traveller.dump(1));
    CHECK(traveller["matches"] == false);
    CHECK(traveller["steps"][0]["events"].get<int>() > 0);
    CHECK(traveller["steps"][1]["events"].get<int>() > 0);
    CHECK(traveller["steps"][2]["events"] == 0);
    CHECK(traveller["steps"][2]["first"].is_null());
    const auto text = past().kith({"model", "test", "energy-sector-hunt", person(kVictim + 3)});
    CHECK(text.status == 0);
    CHECK(text.out.find("energy-sector-hunt does not match " + person(kVictim + 3)) == 0);
    CHECK(past().kith({"model", "test", "energy-sector-hunt", "nobody"}).status == 66);
}

TEST_CASE("a condition over events gives hits by account with time, source and reason") {
    const Json j =
        past().json({"hunt", "--accounts", "--where", "kind = read and messages > 3000"});
    CHECK(j["accounts_found"] == 7);
    const std::string condition = "hides_mail and account = " + person(kVictim);
    const Json one = past().json({"hunt", "--accounts", "--where", condition});
    CHECK(one["matches"] == 1);
    const Json& hit = one["accounts"][0]["newest"][0];
    CHECK(hit["time"] == "2026-02-26T02:00:00Z");
    CHECK(hit["kind"] == "rule-activated");
    CHECK(hit["source"] == "203.0.113.77");
    CHECK(hit["text"].get<std::string>().find("activates a filter rule") == 0);
    CHECK(hit["indicators"].dump().find("Suspicious Mail Rule") != std::string::npos);
    CHECK(hit["attack"].dump().find("T1564.008") != std::string::npos);
    const auto text = past().kith({"hunt", "--accounts", "--where", condition});
    CHECK(text.out.find("1 match on 1 account\n") != std::string::npos);
    CHECK(text.out.find("2026-02-26 02:00") != std::string::npos);
    CHECK(past()
              .json({"hunt", "--accounts", "--where", "kind = login", "-n", "3"})["accounts"]
              .size() == 3);
}

TEST_CASE("what was told twice is one event, and spans are of the event's time") {
    const auto count = [](const std::string& where) {
        return past().json({"hunt", "--accounts", "--where", where})["matches"].get<int>();
    };
    const Json all = past().json({"hunt", "--accounts", "--where", "messages >= 0"});
    CHECK(all["matches"] == all["looked_at"]["events"]);
    const Json until =
        past().json({"hunt", "--accounts", "--where", "messages >= 0", "--until", "2026-02-01"});
    const Json since =
        past().json({"hunt", "--accounts", "--where", "messages >= 0", "--since", "2026-02-01"});
    CHECK(until["matches"].get<int>() + since["matches"].get<int>() == all["matches"].get<int>());
    CHECK(count("kind = login and new.network and account = " + person(kTraveller)) >= 4);
}

TEST_CASE("what does not go together is refused with a word about what does") {
    const Site& site = past();
    CHECK(site.kith({"hunt", "--accounts"}).status == 64);
    CHECK(site.kith({"hunt", "--accounts", "--model", "vip-name"}).status == 64);
    CHECK(site.kith({"hunt", "--accounts", "--where", "kind = login", "--group-by", "login"})
              .status == 64);
    const auto bad = site.kith({"hunt", "--accounts", "--where", "mailbx = Sent"});
    CHECK(bad.status == 78);
    CHECK(bad.err.find("did you mean mailbox?") != std::string::npos);
    CHECK(site.kith({"hunt", "--where", "mailbox = Sent"}).status == 78);
    CHECK(site.kith({"model", "enable", "energy-sector-hunt", "--live"}).status == 64);
    const std::string file = site.dir.write("logins.yaml", "scope: accounts\nwhen: kind = login\n");
    const auto backtest = site.kith({"backtest", file});
    CHECK(backtest.status == 64);
    CHECK(backtest.err.find("kith hunt --model") != std::string::npos);
    CHECK(site.kith({"model", "check", file}).status == 0);
}

TEST_CASE("model list and show know a model of accounts") {
    const Json models = past().json({"model", "list", "--since", "2026-03-01"});
    int found = 0;
    for (const Json& m : models["models"]) {
        if (m["name"] != "energy-sector-hunt") continue;
        ++found;
        CHECK(m["state"] == "experimental");
        CHECK(m["about"] == "accounts");
        CHECK(m["action"] == "hunt");
        CHECK(m["steps"].size() == 6);
        CHECK(m["within_seconds"] == 180 * 86400);
        CHECK_FALSE(m.contains("matches"));
    }
    CHECK(found == 1);
    CHECK(past().kith({"model", "show", "energy-sector-hunt"}).out.find("within: 180d") !=
          std::string::npos);
}

TEST_CASE("who asks what is kept of him gets how his events were judged") {
    const auto out = past().kith({"privacy", "export", person(kVictim)});
    REQUIRE(out.status == 0);
    const Json events = Json::parse(out.out)["account_events"];
    std::size_t rules = 0, as_usual = 0;
    for (const Json& e : events) {
        as_usual += e["judged"].empty() ? 1U : 0U;
        if (e["folders"] != Json({"RSS Feeds"})) continue;
        ++rules;
        CHECK(e["judged"]["indicators"].dump().find("Suspicious Mail Rule") != std::string::npos);
        CHECK(e["judged"]["unusual"].size() > 0);
    }
    CHECK(rules == 1);
    CHECK(as_usual > events.size() / 2);
}

TEST_CASE("names that somebody makes up cost bounded memory, and what is left out is told") {
    const Site site;
    site.seen({});
    auto writer = JournalWriter::open(site.journal());
    REQUIRE(writer);
    for (int i = 0; i < 50'010; ++i) {
        AccountEvent e = event(AccountEventKind::LoginFailed, at(0, 1), 0, "203.0.113.9");
        e.account = "guess" + std::to_string(i);
        REQUIRE((*writer)->append(RecordType::Account, e.time, encode(e)));
    }
    const auto out = site.kith({"--json", "hunt", "--accounts", "--where", "kind = login-failed"});
    REQUIRE(out.status == 0);
    const Json j = Json::parse(out.out);
    CHECK(j["looked_at"]["events"] == 50'010);
    CHECK(j["accounts_found"] == 50'000);
    CHECK(j["left_out"] == 10);
    CHECK(j["accounts"].size() == 20);
}
