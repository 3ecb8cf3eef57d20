// SPDX-License-Identifier: Apache-2.0
// `kith account lock|unlock|locks`: the built program on a site of its own.
#include <nlohmann/json.hpp>

#include "engine/base/account_lock.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/incident.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;

namespace {

/// A site whose Postfix is a script that knows two queued mails and notes what it is asked for.
struct LockSite : Site {
    LockSite() {
        write_secret();
        std::filesystem::create_directories(dir.path() / "bin");
        tool(
            "postqueue",
            R"(echo '{"queue_name": "active", "queue_id": "4Q1AAA", "arrival_time": 1, "message_size": 1, "sender": "anna@example.org", "recipients": []}'
echo '{"queue_name": "deferred", "queue_id": "4Q1BBB", "arrival_time": 1, "message_size": 1, "sender": "bert@example.org", "recipients": []}'
)");
        tool("postconf", "echo mx.example.org\n");
        tool("postsuper", "echo \"$@\" >> " + dir.file("postsuper.log") + "\n");
    }
    void tool(const std::string& name, const std::string& text) const {
        dir.write("bin/" + name, "#!/bin/sh\n" + text);
        std::filesystem::permissions(dir.path() / "bin" / name, std::filesystem::perms(0755));
    }
    [[nodiscard]] admin::ProcessOutput account(std::vector<std::string> arguments) const {
        const bool locks = arguments.front() == "lock";
        arguments.insert(arguments.begin(), "account");
        if (locks) arguments.insert(arguments.end(), {"--postfix-bin", dir.file("bin")});
        return kith(arguments);
    }
    [[nodiscard]] std::vector<AccountLock> locks() const {
        const auto all = read_locks(dir.file("locks"));
        if (!all) FAIL(all.error().text());
        return *all;
    }
};

/// An incident with a mail that `login` submitted, a suspicious one or one that was around it.
void open_incident(const Site& site, const std::string& login, Time opened,
                   bool suspicious = true) {
    MailRecord r = suspicious ? test::held_mail() : test::passed_mail();
    r.auth_user = login;
    r.time = r.observations.time = opened;
    site.seen({r});
    Incident incident;
    incident.id = r.id;
    incident.from = r.from;
    incident.opened = incident.last_held = opened;
    incident.mails.push_back({r.id, r.time, 3});
    auto store = Store::open(site.store(), Store::Mode::Write);
    REQUIRE(store);
    auto txn = (*store)->write();
    REQUIRE(txn);
    REQUIRE((*txn)->put(Table::Messages, incident_key(Key16{{1}}), encode(incident)));
    REQUIRE((*txn)->commit());
}

MailRecord submitted(const std::string& id, const std::string& queue_id, const std::string& login) {
    MailRecord r = test::passed_mail();
    r.id = id;
    r.queue_id = queue_id;
    r.auth_user = login;
    return r;
}

}  // namespace

TEST_CASE("a lock is written with its end and its reason, is in the audit log, and is listed") {
    const LockSite site;
    const auto locked =
        site.account({"lock", "Anna@example.org", "--for", "2h", "--reason", "phishing went out"});
    INFO(locked.err);
    CHECK(locked.out.find("locked anna@example.org until ") == 0);
    const auto all = site.locks();
    REQUIRE(all.size() == 1);
    CHECK(all[0].account == "anna@example.org");
    CHECK(all[0].until - all[0].since == Seconds(7200));
    CHECK(all[0].outbound);
    CHECK(all[0].login);
    CHECK(all[0].why == "phishing went out");
    const std::string audit = site.kith({"audit", "list"}).out;
    CHECK(audit.find("account lock") != std::string::npos);
    CHECK(audit.find("phishing went out") != std::string::npos);
    const auto listed = nlohmann::json::parse(site.kith({"--json", "account", "locks"}).out);
    REQUIRE(listed["locks"].size() == 1);
    CHECK(listed["locks"][0]["account"] == "anna@example.org");
    CHECK(listed["locks"][0]["outbound"] == true);
}

TEST_CASE("only what was asked for is locked, and a second lock adds to the first") {
    const LockSite site;
    (void)site.account({"lock", "anna", "--outbound", "--for", "2d", "--reason", "phishing"});
    CHECK_FALSE(site.locks().at(0).login);
    const auto until = site.locks()[0].until;
    const auto out = site.account({"lock", "anna", "--login"});
    REQUIRE(site.locks().size() == 1);
    CHECK(site.locks()[0].login);
    CHECK(site.locks()[0].outbound);
    CHECK(site.locks()[0].until >= until);
    CHECK(site.locks()[0].why == "phishing");
}

TEST_CASE("a lock is ended, and what is not locked is told") {
    const LockSite site;
    (void)site.account({"lock", "anna"});
    CHECK(site.account({"unlock", "anna", "--reason", "new password"}).status == 0);
    CHECK(site.locks().empty());
    CHECK(site.kith({"audit", "list"}).out.find("account unlock") != std::string::npos);
    const auto again = site.account({"unlock", "anna"});
    CHECK(again.status == 66);
    CHECK(again.err.find("account anna is not locked") != std::string::npos);
}

TEST_CASE("a time that is none, is too short or too long locks nobody") {
    const LockSite site;
    for (const char* span : {"4", "59s", "91d", "soon", "-1h"}) {
        INFO(span);
        const auto refused = site.account({"lock", "anna", "--for", span});
        CHECK(refused.status == 64);
    }
    CHECK(site.account({"lock", std::string(256, 'a')}).status == 64);
    CHECK(site.account({"lock", std::string(255, 'a')}).out.find("locked ") == 0);
    CHECK(site.locks().size() == 1);
}

TEST_CASE("what the account has in the queue is put on hold, and no other mail") {
    if (::geteuid() != 0) {
        SUCCEED("only root may");
        return;
    }
    const LockSite site;
    site.seen({submitted("cdefghijklmnopqr", "4Q1AAA", "anna@example.org"),
               submitted("defghijklmnopqrs", "4Q1BBB", "bert@example.org")});
    const auto locked = site.account({"lock", "anna@example.org", "--outbound"});
    INFO(locked.out << locked.err);
    CHECK(locked.status == 0);
    CHECK(locked.out.find("put on hold 1 queued mail") != std::string::npos);
    const std::string asked = site.dir.read("postsuper.log");
    CHECK(asked.find("4Q1AAA") != std::string::npos);
    CHECK(asked.find("4Q1BBB") == std::string::npos);
    CHECK(site.kith({"audit", "list"}).out.find("queue id 4Q1AAA") != std::string::npos);
}

TEST_CASE("a lock holds although nothing else can be done, and says what is missing") {
    const LockSite site;  // no store, nobody who refuses logins
    const auto locked = site.account({"lock", "anna"});
    CHECK(locked.status == 1);
    CHECK(locked.out.find("not done: logins are not refused: set accounts.enforce") !=
          std::string::npos);
    CHECK(locked.out.find("not done: what is queued stays as it is") != std::string::npos);
    CHECK(site.locks().size() == 1);
}

TEST_CASE("the deny file has those whose login is locked, and them only") {
    const LockSite site;
    site.configure("accounts:\n  deny_file: " + site.dir.file("deny") + "\n");
    (void)site.account({"lock", "anna", "--login"});
    (void)site.account({"lock", "bert", "--outbound"});
    (void)site.account({"lock", "co:lon", "--login"});
    CHECK(site.dir.read("deny") == "anna:\n");
    (void)site.account({"unlock", "anna"});
    CHECK(site.dir.read("deny").empty());
}

TEST_CASE("an incident is answered by itself only where that is configured, and once") {
    const LockSite site;
    const auto respond = [&] {
        return site.kith({"--json", "account", "respond", "--postfix-bin", site.dir.file("bin")});
    };
    open_incident(site, "Anna@example.org", SystemClock().now());
    CHECK(nlohmann::json::parse(respond().out)["responses"].empty());
    CHECK(site.locks().empty());

    site.configure("accounts:\n  respond: [outbound]\n  respond_for: 2h\n");
    const auto done = nlohmann::json::parse(respond().out)["responses"];
    REQUIRE(done.size() == 1);
    CHECK(done[0]["account"] == "anna@example.org");
    REQUIRE(site.locks().size() == 1);
    CHECK(site.locks()[0].outbound);
    CHECK_FALSE(site.locks()[0].login);
    CHECK(site.locks()[0].until - site.locks()[0].since == Seconds(7200));
    CHECK(site.locks()[0].by == "kith");
    CHECK(site.locks()[0].why.find("kith incident abcdefghijklmnop") != std::string::npos);
    CHECK(site.kith({"audit", "list"}).out.find("account lock") != std::string::npos);

    CHECK(site.account({"unlock", "anna@example.org"}).status == 0);
    CHECK(nlohmann::json::parse(respond().out)["responses"].empty());
    CHECK(site.locks().empty());
}

TEST_CASE("incidents of others' mail, and old ones, lock nobody") {
    const LockSite site;
    site.configure("accounts:\n  respond: [outbound, login]\n");
    open_incident(site, "", SystemClock().now());
    CHECK(site.kith({"account", "respond"}).status == 0);
    CHECK(site.locks().empty());
    const LockSite old;
    old.configure("accounts:\n  respond: [outbound, login]\n");
    open_incident(old, "anna", SystemClock().now() - Seconds(2LL * 86400));
    CHECK(old.kith({"account", "respond"}).status == 0);
    CHECK(old.locks().empty());
}

TEST_CASE("somebody's ordinary mail in an incident, or one that a reader reported, locks nobody") {
    const LockSite site;
    site.configure("accounts:\n  respond: [outbound, login]\n");
    open_incident(site, "anna", SystemClock().now(), false);
    CHECK(site.kith({"account", "respond"}).status == 0);
    CHECK(site.locks().empty());
}

TEST_CASE("an answer of kith's own makes no lock weaker or shorter") {
    const LockSite site;
    site.configure("accounts:\n  respond: [outbound]\n  respond_for: 2h\n");
    (void)site.account({"lock", "anna", "--login", "--for", "7d", "--reason", "stolen"});
    REQUIRE(site.locks().size() == 1);
    const AccountLock before = site.locks()[0];
    open_incident(site, "anna", SystemClock().now());
    (void)site.kith({"account", "respond", "--postfix-bin", site.dir.file("bin")});
    REQUIRE(site.locks().size() == 1);
    CHECK(site.locks()[0].until == before.until);
    CHECK(site.locks()[0].why == "stolen");
    CHECK(site.locks()[0].login);
    CHECK(site.locks()[0].outbound);
}

TEST_CASE("to end sessions alone locks nobody and leaves the list as it can be read") {
    const LockSite site;
    site.configure("accounts:\n  respond: [kick]\n");
    open_incident(site, "anna", SystemClock().now());
    (void)site.kith({"account", "respond", "--postfix-bin", site.dir.file("bin")});
    CHECK(site.locks().empty());
    (void)site.account({"lock", "bert"});
    CHECK(site.locks().size() == 1);
}

TEST_CASE("the timer takes a lock that has ended out of the deny file") {
    const LockSite site;
    site.configure("accounts:\n  deny_file: " + site.dir.file("deny") + "\n");
    const Time now = SystemClock().now();
    site.dir.write(
        "locks",
        print_locks({{"anna", now - Seconds(60), now - Seconds(1), false, true, "root", ""},
                     {"bert", now, now + Seconds(600), false, true, "root", ""}}));
    site.dir.write("deny", "anna:\nbert:\n");
    CHECK(site.kith({"account", "respond"}).status == 0);
    CHECK(site.dir.read("deny") == "bert:\n");
}

TEST_CASE("the timer drops locks that have ended, and the memory of what was answered long ago") {
    const LockSite site;
    site.configure("accounts:\n  respond: [outbound]\n");
    open_incident(site, "", SystemClock().now());
    const Time now = SystemClock().now();
    site.dir.write(
        "locks",
        print_locks({{"anna", now - Seconds(60), now - Seconds(1), false, true, "root", ""},
                     {"bert", now, now + Seconds(600), false, true, "root", ""}}));
    const auto days_ago = [&](int days) { return std::to_string(to_unix(now) - days * 86400); };
    site.dir.write("locks.answered", R"({"answered": {"aaaaaaaaaaaaaaaa anna": )" + days_ago(3) +
                                         R"(, "bbbbbbbbbbbbbbbb bert": )" + days_ago(1) + "}}");
    CHECK(site.kith({"account", "respond"}).status == 0);
    REQUIRE(site.locks().size() == 1);
    CHECK(site.locks()[0].account == "bert");
    CHECK(site.dir.read("locks.answered").find("anna") == std::string::npos);
    CHECK(site.dir.read("locks.answered").find("bbbbbbbbbbbbbbbb bert") != std::string::npos);
}
