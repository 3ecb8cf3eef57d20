// SPDX-License-Identifier: Apache-2.0
// `kith privacy export` and `kith privacy erase` on a site whose mail a real learner learned.
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "engine/accounts/codec.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/release_request.hpp"
#include "engine/base/account_lock.hpp"
#include "engine/features/observe.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/learner/erase.hpp"
#include "engine/learner/learner.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;

namespace {

constexpr const char* kAnna = "anna@supplier.example";

const Hasher& hasher() {
    static const Hasher h(
        {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'});
    return h;
}

/// With the hashes that the milter makes.
MailRecord observed(MailRecord r, const std::string& id, int minute) {
    r.id = id;
    r.time = r.observations.time = from_unix(1772368496 + 60 * minute);
    Observations& o = r.observations;
    o.sender = sender_key(hasher(), r.from);
    o.sender32 = o.sender.short32();
    o.message_id = hasher().hash64("mid", id);
    for (const auto& rcpt : r.rcpts) o.rcpts.push_back(sender_key(hasher(), rcpt));
    std::sort(o.rcpts.begin(), o.rcpts.end());
    o.values[index_of(FeatureId::auth_triple)].code = 7;
    return r;
}

struct Past : Site {
    Past() {
        write_secret();
        config.secret_file = dir.file("site.key");
        config.store = store();
        config.journal = journal();
        auto to_anna = test::passed_mail(), to_both = to_anna, without = to_anna;
        to_anna.rcpts = {kAnna};
        to_both.rcpts = {"bert@example.org", kAnna};
        auto writer = JournalWriter::open(journal()).value();
        for (const auto& mail :
             {observed(test::held_mail(), "annawritesheldab", 0),
              observed(to_anna, "toannaalonexxxxx", 1), observed(to_both, "toannaandbertxxx", 2),
              observed(without, "withoutherxxxxxx", 3)})
            REQUIRE(writer->append(RecordType::Mail, mail.time, encode(mail)));
        learn();
    }
    void learn() const {
        auto learner = Learner::open(std::make_shared<const Config>(config)).value();
        while (learner->step().value().records > 0) {
        }
    }
    [[nodiscard]] nlohmann::json exported(const std::string& address = kAnna) const {
        const auto out = kith({"privacy", "export", address});
        if (out.status != 0) FAIL(out.err);
        return nlohmann::json::parse(out.out);
    }
    [[nodiscard]] std::string journal_bytes() const {
        std::string all;
        for (const auto& entry : std::filesystem::directory_iterator(journal().directory)) {
            std::ifstream in(entry.path(), std::ios::binary);
            all.append(std::istreambuf_iterator<char>(in), {});
        }
        return all;
    }
    Config config;
};

std::vector<std::string> ids(const nlohmann::json& mails) {
    std::vector<std::string> out;
    for (const auto& mail : mails) out.push_back(mail["id"]);
    return out;
}

}  // namespace

TEST_CASE("an export has each mail with what the address was in it, and what stands in lists") {
    const Past site;
    REQUIRE(admin::add_request(site.config, {"toannaalonexxxxx", kAnna, from_unix(1772368496)}));
    const auto j = site.exported("Anna@Supplier.example");
    CHECK(j["address"] == kAnna);
    CHECK(j["key"] == address_id(sender_key(hasher(), kAnna)));
    CHECK(ids(j["mails"]) ==
          std::vector<std::string>{"annawritesheldab", "toannaalonexxxxx", "toannaandbertxxx"});
    CHECK(j["mails"][0]["roles"] == nlohmann::json({"envelope sender", "From"}));
    CHECK(j["mails"][0]["reasons"].size() == 2);
    CHECK(j["mails"][0]["client"]["addr"] == "192.0.2.7");
    CHECK(j["mails"][2]["roles"] == nlohmann::json({"recipient"}));
    CHECK(j["mails"][2]["rcpts"] == nlohmann::json({"bert@example.org", kAnna}));
    CHECK(j["incidents"].size() == 1);
    CHECK(j["incidents"][0]["mails"] == nlohmann::json({"annawritesheldab"}));
    CHECK(j["in_lists"]["conversations"].get<int>() +
              j["in_lists"]["recipients_of_others"].get<int>() >
          0);
    CHECK(j["release_requests"].size() == 1);
    CHECK(j["profile"].contains("account"));
    CHECK(j["not_found_by_address"].get<std::string>().find("keyed hashes") != std::string::npos);

    const auto bert = site.exported("bert@example.org");
    CHECK(ids(bert["mails"]) ==
          std::vector<std::string>{"annawritesheldab", "toannaandbertxxx", "withoutherxxxxxx"});
    CHECK(site.exported("nobody@stranger.example")["mails"].empty());
}

TEST_CASE("what happened on the account of an address is exported with it, and erased") {
    const Past site;
    AccountEvent event;
    event.account = "bert@example.org";
    event.time = from_unix(1772369000);
    event.client_addr = "203.0.113.77";
    event.kind = AccountEventKind::Login;
    event.place = {64496, "DE", {}};
    auto writer = JournalWriter::open(site.journal()).value();
    REQUIRE(writer->append(RecordType::Account, event.time, encode(event)));
    event.account = "dora@example.org";
    REQUIRE(writer->append(RecordType::Account, event.time, encode(event)));
    const auto events = site.exported("bert@example.org")["account_events"];
    REQUIRE(events.size() == 1);
    CHECK(events[0]["client_addr"] == "203.0.113.77");
    CHECK(events[0]["what"] == "login");
    CHECK(events[0]["place"] == nlohmann::json{{"asn", 64496}, {"country", "DE"}});
    const auto erased = site.kith({"privacy", "erase", "bert@example.org", "--yes"});
    REQUIRE(erased.status == 0);
    CHECK(site.exported("bert@example.org")["account_events"].empty());
    CHECK(site.exported("dora@example.org")["account_events"].size() == 1);
}

TEST_CASE("incidents of the account are exported, those that are over as well, and erased") {
    const Past site;
    AccountState state;
    state.name = "bert@example.org";
    state.incident.id = "abcdefgh234567ab";
    state.incident.account = state.name;
    state.incident.opened = state.incident.last = from_unix(1772369000);
    AccountIncident past = state.incident;
    past.id = "bbcdefgh234567ab";
    past.opened = past.last = from_unix(1770000000);
    past.closed = from_unix(1770000100);
    past.steps = {
        {past.opened, AccountAct::Forward, "has mail sent on: " + std::string(kAnna), "", 0, 60}};
    state.past = {past};
    {
        auto store = Store::open(site.store(), Store::Mode::Write).value();
        auto txn = store->write().value();
        const Key16 key = account_key(hasher(), state.name);
        REQUIRE(txn->put(Table::Accounts, account_state_key(key), encode(state)));
        for (const auto& id : {state.incident.id, past.id})
            REQUIRE(txn->put(Table::Accounts, "c" + id, key.view()));
        REQUIRE(txn->commit());
    }
    const auto exported = site.exported("bert@example.org")["account_incidents"];
    REQUIRE(exported.size() == 2);
    CHECK(exported[1]["id"] == past.id);
    CHECK(exported[1]["ending"] == "closed by an admin");
    CHECK(exported[1]["steps"].size() == 1);
    CHECK(site.exported()["account_incidents"].empty());
    // Named by a step of somebody else's past incident, and taken out of it.
    REQUIRE(site.exported()["steps_of_others"].size() == 1);
    REQUIRE(site.kith({"privacy", "erase", kAnna, "--yes"}).status == 0);
    site.learn();
    CHECK(site.exported()["steps_of_others"].empty());
    CHECK(site.exported("bert@example.org")["account_incidents"].size() == 2);
    REQUIRE(site.kith({"privacy", "erase", "bert@example.org", "--yes"}).status == 0);
    site.learn();
    CHECK(site.exported("bert@example.org")["account_incidents"].empty());
}

TEST_CASE(
    "others' rules that send mail to the address are exported, and lose it when it is erased") {
    const Past site;
    AccountEvent event;
    event.kind = AccountEventKind::RuleActivated;
    event.account = "bert@example.org";
    event.time = from_unix(1772369000);
    event.rule.name = "away";
    event.rule.understood = true;
    event.rule.redirects = {kAnna};
    auto writer = JournalWriter::open(site.journal()).value();
    REQUIRE(writer->append(RecordType::Account, event.time, encode(event)));
    site.learn();
    const auto before = site.exported();
    REQUIRE(before["events_of_others"].size() == 1);
    CHECK(before["events_of_others"][0]["account"] == "bert@example.org");
    CHECK(before["events_of_others"][0]["redirects"] == nlohmann::json({kAnna}));
    CHECK(before["account_events"].empty());
    CHECK(before["steps_of_others"].size() == 1);
    const auto done = site.kith({"privacy", "erase", kAnna, "--yes", "--json"});
    REQUIRE(done.status == 0);
    CHECK(nlohmann::json::parse(done.out)["events_of_others"] == 1);
    site.learn();
    CHECK(site.exported()["events_of_others"].empty());
    CHECK(site.exported()["steps_of_others"].empty());
    const auto berts = site.exported("bert@example.org")["account_events"];
    REQUIRE(berts.size() == 1);
    CHECK(berts[0]["rule"] == "away");
    CHECK(berts[0]["redirects"].empty());
}

TEST_CASE("a lock of the account is exported, stays when it is erased, and the answer says so") {
    const Past site;
    const Time now = SystemClock().now(), until = now + Seconds(7200);
    const AccountLock own{kAnna, now, until, true, true, "root", "stolen"},
        other{"bert@example.org", now, until, true, false, "root", "told by anna@supplier.example"},
        ended{"cora@example.org", now - Seconds(60), now - Seconds(1), true, false, "root", ""};
    site.dir.write("locks", print_locks({own, other, ended}));
    site.dir.write("deny", std::string("zoe@example.org:\n") + kAnna + ":\n");
    site.dir.write("locks.answered", R"({"answered": {"abcdefghijklmnop anna@supplier.example": )" +
                                         std::to_string(to_unix(now)) + "}}");
    site.configure("accounts:\n  deny_file: " + site.dir.file("deny") + "\n");
    const auto j = site.exported();
    REQUIRE(j["locks"].size() == 2);
    CHECK(j["locks"][0]["account"] == kAnna);
    CHECK(j["locks"][0]["until"] == iso8601(until));
    CHECK(j["locks"][0]["why"] == "stolen");
    CHECK(j["locks"][1]["account"] == "bert@example.org");
    CHECK(j["in_deny_file"] == true);
    REQUIRE(j["responses"].size() == 1);
    CHECK(j["responses"][0]["incident"] == "abcdefghijklmnop");
    const auto berts = site.exported("bert@example.org");
    CHECK(berts["locks"].size() == 1);
    CHECK(berts["in_deny_file"] == false);
    CHECK(berts["responses"].empty());

    const auto out = site.kith({"privacy", "erase", kAnna, "--yes"});
    REQUIRE(out.status == 0);
    CHECK(out.out.find("the account stays locked until " + iso8601(until)) != std::string::npos);
    const auto left = read_locks(site.dir.file("locks")).value();
    REQUIRE(left.size() == 2);
    CHECK(left[0] == parse_locks(print_locks({own})).value()[0]);
    CHECK(left[1].why == "told by ");
    CHECK(nlohmann::json::parse(
              site.kith({"privacy", "erase", kAnna, "--yes", "--json"}).out)["locked_until"] ==
          iso8601(until));
    CHECK(site.kith({"privacy", "erase", "bert@example.org", "--yes", "--json"}).status == 0);
    const auto nobody = site.kith({"privacy", "erase", "zoe@example.org", "--yes", "--json"});
    CHECK(nlohmann::json::parse(nobody.out)["locked_until"].is_null());
}

TEST_CASE("an export goes to a file that only its owner's group may read, and is on record") {
    const Past site;
    const std::string file = site.dir.file("anna.json");
    const auto out = site.kith({"privacy", "export", kAnna, "--output", file, "--reason", "asked"});
    CHECK(out.status == 0);
    CHECK(out.out == "wrote what is kept of anna@supplier.example: 3 mails, in " + file + "\n");
    struct stat st {};
    REQUIRE(::stat(file.c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0640);
    std::ifstream in(file);
    CHECK(nlohmann::json::parse(in)["mails"].size() == 3);
    std::vector<admin::AuditLine> lines;
    REQUIRE(admin::read_audit(site.config, [&](const admin::AuditLine& line) {
        lines.push_back(line);
        return true;
    }));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].event.action == "privacy export");
    CHECK(lines[0].event.object.find("anna") == std::string::npos);

    const auto nowhere = site.kith({"privacy", "export", kAnna, "--output", "/nonexistent/a.json"});
    CHECK(nowhere.status == 66);
    CHECK(nowhere.err.find("/nonexistent/a.json") != std::string::npos);
}

TEST_CASE("nothing is erased before somebody says so") {
    const Past site;
    const std::string before = site.journal_bytes();
    const auto out = site.kith({"privacy", "erase", kAnna});
    CHECK(out.status == 64);
    CHECK(out.err.find("nothing was erased: nobody confirmed it") != std::string::npos);
    CHECK(out.err.find("--yes") != std::string::npos);
    CHECK(site.journal_bytes() == before);
    CHECK(site.kith({"privacy", "erase", "--yes", "anna"}).status == 64);
}

TEST_CASE("without a learner the journal is erased at once, the store when it runs") {
    const Past site;
    REQUIRE(admin::add_request(site.config, {"toannaalonexxxxx", kAnna, from_unix(1772368496)}));
    const auto out = site.kith({"privacy", "erase", kAnna, "--yes", "--json"});
    if (out.status != 0) FAIL(out.err);
    const auto j = nlohmann::json::parse(out.out);
    CHECK(j["mails"] == 2);
    CHECK(j["shared_mails"] == 1);
    CHECK(j["release_requests"] == 1);
    CHECK(j["learner_done"] == false);
    CHECK(j["on_hold"] == nlohmann::json({test::held_mail().queue_id}));
    CHECK(site.journal_bytes().find("anna@") == std::string::npos);
    CHECK(site.exported()["mails"].empty());
    CHECK(site.exported()["index"].size() == 2);

    const auto show = site.kith({"show", "annawritesheldab"});
    CHECK(show.status == 0);
    CHECK(site.kith({"explain", "annawritesheldab"}).err.find("its record was erased") !=
          std::string::npos);

    site.learn();
    const auto left = site.exported();
    CHECK(left["index"].empty());
    CHECK(left["incidents"].empty());
    CHECK(left["in_lists"] == nlohmann::json({{"names_and_circles", 0},
                                              {"conversations", 0},
                                              {"recipients_of_others", 0},
                                              {"lessons", 0}}));
    CHECK(site.kith({"show", "annawritesheldab"}).status == 66);
    const auto both = nlohmann::json::parse(site.kith({"show", "toannaandbertxxx", "--json"}).out);
    CHECK(both["rcpts"] == nlohmann::json({"bert@example.org"}));
    CHECK(site.kith({"audit", "verify"}).status == 0);
}

TEST_CASE("erased again, what was begun is completed, and nothing is left to take out") {
    const Past site;
    // The order is there, and nothing was redacted: killed in between.
    {
        AdminRecord order;
        order.id = address_id(sender_key(hasher(), kAnna));
        auto writer = JournalWriter::open(site.journal()).value();
        REQUIRE(writer->append(RecordType::Erase, from_unix(1772368900), encode(order)));
    }
    site.learn();
    CHECK(site.exported()["mails"].size() == 3);
    CHECK(site.kith({"privacy", "erase", kAnna, "--yes"}).status == 0);
    CHECK(site.exported()["mails"].empty());
    const auto again = site.kith({"privacy", "erase", kAnna, "--yes"});
    CHECK(again.status == 0);
    CHECK(again.out.find("0 mails with nothing left, 0 mails to others as well") !=
          std::string::npos);
    CHECK(again.out.find("not touched: backups") != std::string::npos);
}

TEST_CASE("beside a running learner the command waits until it has forgotten") {
    const Past site;
    const auto program =
        std::filesystem::path(kith::test::kith_program()).parent_path() / "../learner/kith-learner";
    if (!std::filesystem::exists(program)) FAIL("kith-learner is not built");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const std::string config_path = site.dir.file("kith.yaml");
        ::execl(program.c_str(), program.c_str(), "--config", config_path.c_str(), nullptr);
        ::_exit(127);
    }
    for (; !admin::learner_running(site.store()).value();
         std::this_thread::sleep_for(std::chrono::milliseconds(20)))
        if (::waitpid(child, nullptr, WNOHANG) != 0) FAIL("kith-learner has ended");
    const auto out = site.kith({"privacy", "erase", kAnna, "--yes"});
    CHECK(out.status == 0);
    CHECK(out.out.find("kith-learner has forgotten") != std::string::npos);
    CHECK(site.exported()["index"].empty());
    ::kill(child, SIGTERM);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
