// SPDX-License-Identifier: Apache-2.0
// `kith account list|show` and an account's incident in `kith incident`, on a store as the learner
// leaves it.
#include "engine/admin/account_view.hpp"

#include <nlohmann/json.hpp>

#include "engine/accounts/codec.hpp"
#include "engine/accounts/judge.hpp"
#include "engine/features/observe.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;
using Json = nlohmann::json;

namespace {

constexpr const char* kId = "abcdefgh234567ab";
constexpr const char* kByTime = "bbcdefgh234567ab";  // before it, ended by itself
constexpr const char* kClosed = "cbcdefgh234567ab";  // likewise, closed as its owner's

AccountStep step(Time t, AccountAct act, const std::string& text,
                 std::initializer_list<AccountIndicator> indicators = {}) {
    AccountStep s;
    s.time = t;
    s.act = act;
    s.text = text;
    s.risk = 70;
    for (const AccountIndicator i : indicators) s.marks |= 1U << static_cast<unsigned>(i);
    return s;
}

/// anna@ is in other hands since an hour, ben@ as always.
struct Story : Site {
    explicit Story(std::size_t account_days = kEnoughAccountDays) {
        write_secret();
        seen({test::passed_mail()});
        const Time now = SystemClock().now() - Seconds(3600);
        AccountState anna = account("anna@example.org", now, 70);
        anna.habits[index_of(AccountFeature::network)].add(7, day_number(now), 32);
        anna.habits[index_of(AccountFeature::country)].add(country_value("DE"), day_number(now),
                                                           32);
        anna.habits[index_of(AccountFeature::provider)].add(64496, day_number(now), 32);
        AccountIncident& i = anna.incident;
        i.id = kId;
        i.account = anna.name;
        i.opened = i.raised = now;
        i.last = now + Seconds(720);
        i.risk = 70;
        i.steps = {step(now, AccountAct::Login, "logs in from 203.0.113.0/24"),
                   step(now + Seconds(720), AccountAct::RuleActivated,
                        "activates a filter rule that throws mail away",
                        {AccountIndicator::suspicious_rule, AccountIndicator::login_and_update})};
        for (const AccountStep& s : i.steps) i.indicators |= s.marks;
        anna.unusual = i.steps;
        anna.past = {past(kByTime, now - Seconds(86400 * 25)), past(kClosed, now - Seconds(86400))};
        anna.past[0].closed = anna.past[0].last + AccountIncident::kKept;
        anna.past[1].closed = now - Seconds(3600);
        anna.past[1].normal = true;
        keep(anna);
        keep(account("ben@example.org", now, 5));
        keep_days(account_days);
    }
    static AccountIncident past(const char* id, Time opened) {
        AccountIncident i;
        i.id = id;
        i.account = "anna@example.org";
        i.opened = i.last = i.raised = opened;
        i.risk = 66;
        i.steps = {step(opened, AccountAct::Login, "logs in from 192.0.2.0/24")};
        return i;
    }
    static AccountState account(const std::string& name, Time last, float score) {
        AccountState a;
        a.name = name;
        a.first = last - Seconds(86400 * 30);
        a.last = last;
        a.logins = 214;
        a.score = score;
        return a;
    }
    void keep_days(std::size_t days) const {
        AccountSite site;
        for (std::size_t i = 0; i < days; ++i) site.peaks.back().add(1);
        auto opened = Store::open(store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        encode_site(site, [&](const std::string& name, const std::string& bytes) {
            REQUIRE((*txn)->put(Table::Accounts, account_site_key(name), bytes));
        });
        REQUIRE((*txn)->commit());
    }
    void keep(const AccountState& a) const {
        const auto secret = read_secret(dir.file("site.key"));
        REQUIRE(secret);
        const Key16 key = account_key(Hasher(*secret), a.name);
        auto opened = Store::open(store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        REQUIRE((*txn)->put(Table::Accounts, account_state_key(key), encode(a)));
        if (!a.incident.id.empty())
            REQUIRE((*txn)->put(Table::Accounts, "c" + a.incident.id, key.view()));
        for (const AccountIncident& i : a.past)
            REQUIRE((*txn)->put(Table::Accounts, "c" + i.id, key.view()));
        REQUIRE((*txn)->commit());
    }
};

}  // namespace

TEST_CASE("accounts are listed with the riskiest first, as many as wanted") {
    const Story site;
    const auto out = site.kith({"account", "list"});
    INFO(out.err);
    CHECK(out.status == 0);
    const std::size_t anna = out.out.find("anna@example.org"),
                      ben = out.out.find("ben@example.org");
    CHECK(anna < ben);
    CHECK(ben != std::string::npos);
    const auto one = Json::parse(site.kith({"--json", "account", "list", "--limit", "1"}).out);
    REQUIRE(one["accounts"].size() == 1);
    CHECK(one["accounts"][0]["account"] == "anna@example.org");
    CHECK(one["accounts"][0]["incident"] == kId);
    CHECK(one["accounts"][0]["risk"].get<double>() > 65);
}

TEST_CASE("before enough was seen no risk is shown, and how much is missing is told") {
    const Story young(kEnoughAccountDays - 1);
    const std::string missing =
        "299 of 300 account-days seen to tell what is unusual: still learning, no alert is raised";
    const auto list = young.kith({"account", "list"});
    INFO(list.err);
    CHECK(list.out.find(missing) != std::string::npos);
    CHECK(list.out.find("70.0") == std::string::npos);
    const auto show = young.kith({"account", "show", "anna@example.org"});
    CHECK(show.out.find("Account anna@example.org: " + missing) == 0);
    CHECK(young.kith({"status"}).out.find("accounts   " + missing) != std::string::npos);
    const auto status = Json::parse(young.kith({"--json", "status"}).out);
    CHECK(status["accounts"]["days"] == 299);
    CHECK(status["accounts"]["ready"] == false);
    const Story site;
    CHECK(site.kith({"account", "list"}).out.find("still learning") == std::string::npos);
    const auto ready = site.kith({"status"}).out;
    CHECK(ready.find("still learning, no alert") == std::string::npos);
    CHECK(ready.find("incidents  1 open, 1 of them of own accounts") != std::string::npos);
}

TEST_CASE("an account is shown with what is usual and what was not") {
    const Story site;
    const auto out = site.kith({"account", "show", "Anna@example.org"});
    INFO(out.err);
    CHECK(out.status == 0);
    CHECK(out.out.find("Account anna@example.org: risk ") == 0);
    CHECK(out.out.find("kith incident show " + std::string(kId)) != std::string::npos);
    CHECK(out.out.find("network") != std::string::npos);
    CHECK(out.out.find("throws mail away") != std::string::npos);
    CHECK(out.out.find("Countries: DE 100.0 %\nProviders: AS64496 100.0 %\n") != std::string::npos);
    CHECK(site.kith({"account", "show", "ben@example.org"}).out.find("Countries") ==
          std::string::npos);
    const auto json = Json::parse(site.kith({"--json", "account", "show", "anna@example.org"}).out);
    CHECK(json["unusual"][1]["indicators"][1] == "Suspicious Mail Rule");
    CHECK(json["countries"] == Json{{"DE", 1.0}});
    CHECK(json["providers"] == Json{{"AS64496", 1.0}});
}

TEST_CASE("an account that nobody knows is told so") {
    const Story site;
    const auto out = site.kith({"account", "show", "nobody"});
    CHECK(out.status == 66);
    CHECK(out.err.find("nothing is known of the account nobody") != std::string::npos);
}

TEST_CASE("an account's incident is in the list and tells its story in order") {
    const Story site;
    CHECK(site.kith({"incident", "list"}).out.find("anna@example.org") != std::string::npos);
    const auto listed = Json::parse(site.kith({"--json", "incident", "list"}).out);
    CHECK(listed["accounts"][0]["id"] == kId);
    const auto out = site.kith({"incident", "show", "abcd"});
    INFO(out.err);
    CHECK(out.status == 0);
    CHECK(out.out.find("ATT&CK: T1098, T1564.008") != std::string::npos);
    CHECK(out.out.find("anna@example.org logs in from 203.0.113.0/24; 12 minutes later activates a "
                       "filter rule that throws mail away.") != std::string::npos);
    const auto json = Json::parse(site.kith({"--json", "incident", "show", kId}).out);
    CHECK(json["steps"].size() == 2);
    CHECK(json["open"] == true);
}

TEST_CASE("closing an account's incident reaches the learner, with what the admin thinks of it") {
    const Story site;
    const auto out = site.kith({"incident", "close", kId, "--normal", "--reason", "on a journey"});
    INFO(out.err);
    CHECK(out.status == 0);
    CHECK(out.out.find("is normal from now on") != std::string::npos);
    const auto records = site.records(RecordType::Close);
    REQUIRE(records.size() == 1);
    const auto close = decode_admin_record(records[0].payload);
    REQUIRE(close);
    CHECK(close->id == kId);
    CHECK(close->learn);
}

TEST_CASE("incidents that are over stay in the list of all, and each tells its story") {
    const Story site;
    CHECK(site.kith({"incident", "list"}).out.find(kClosed) == std::string::npos);
    const auto all = site.kith({"incident", "list", "--all"});
    CHECK(all.out.find(kClosed) != std::string::npos);
    CHECK(all.out.find(kByTime) != std::string::npos);
    const auto listed = Json::parse(site.kith({"--json", "incident", "list", "--all"}).out);
    REQUIRE(listed["accounts"].size() == 3);
    CHECK(listed["accounts"][0]["ending"] == "open");
    const auto out = site.kith({"incident", "show", "bbcde"});
    INFO(out.err);
    CHECK(out.status == 0);
    CHECK(out.out.find(", over, 14 days without a step\n") != std::string::npos);
    CHECK(out.out.find("anna@example.org logs in from 192.0.2.0/24.") != std::string::npos);
    CHECK(out.out.find("What you can do") == std::string::npos);
}

TEST_CASE("an account is shown with its incidents that are over and how each ended") {
    const Story site;
    const auto out = site.kith({"account", "show", "anna@example.org"});
    INFO(out.out);
    CHECK(out.out.find("Incidents that are over:") != std::string::npos);
    const std::size_t newer = out.out.find("closed by an admin: it was the owner"),
                      older = out.out.find("over, 14 days without a step");
    CHECK(newer < older);
    CHECK(older != std::string::npos);
    CHECK(site.kith({"account", "show", "ben@example.org"}).out.find("Incidents") ==
          std::string::npos);
    const auto json = Json::parse(site.kith({"--json", "account", "show", "anna@example.org"}).out);
    REQUIRE(json["past_incidents"].size() == 2);
    CHECK(json["past_incidents"][0]["id"] == kClosed);
    CHECK(json["past_incidents"][0]["risk"] == 66.0);
    CHECK(json["past_incidents"][1]["ending"] == "over, 14 days without a step");
}

TEST_CASE("an account that kith never saw is locked, and the nearest that it knows is named") {
    const Story site;
    const auto out = site.kith(
        {"account", "lock", "ana@example.org", "--login", "--kick", "--reason", "moves in soon"});
    INFO(out.out << out.err);
    CHECK(out.out.find("locked ana@example.org until ") == 0);
    CHECK(out.out.find("kith has never seen this account: is it the login name? The nearest is "
                       "anna@example.org\n") != std::string::npos);
    CHECK(site.kith({"account", "locks"}).out.find("ana@example.org") != std::string::npos);
    const auto known = site.kith({"account", "lock", "anna@example.org", "--login"});
    CHECK(known.out.find("never seen") == std::string::npos);
}

TEST_CASE("an incident that is over is not closed again, and the answer says how it ended") {
    const Story site;
    const auto out = site.kith({"incident", "close", kClosed});
    CHECK(out.status == 66);
    CHECK(out.err.find("incident cbcdefgh234567ab of account anna@example.org is not open any "
                       "more: closed by an admin: it was the owner") != std::string::npos);
    CHECK(out.err.find("kith incident list") != std::string::npos);
    CHECK(site.records(RecordType::Close).empty());
}

TEST_CASE("of an unknown id the nearest is told, of an account's incident that it has no queue") {
    const Story site;
    const auto unknown = site.kith({"incident", "show", "cbcdefgh234567ax"});
    CHECK(unknown.status == 66);
    CHECK(unknown.err.find("the nearest is cbcdefgh234567ab") != std::string::npos);
    const auto held = site.kith({"incident", "hold", kId});
    CHECK(held.status == 64);
    CHECK(held.err.find("kith account lock anna@example.org") != std::string::npos);
}
