// SPDX-License-Identifier: Apache-2.0
// `kith incident` on a store as the learner leaves it, with stand-ins for Postfix's commands.
#include "engine/learner/incident.hpp"

#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;
using Json = nlohmann::json;

namespace {

/// The first mail was delivered to two people, the second is delayed, the third was held.
struct Story : Site {
    Story() {
        std::vector<MailRecord> mails;
        for (int i = 0; i < 3; ++i) {
            MailRecord r = test::held_mail();
            r.id = std::string(1, static_cast<char>('x' + i)) + "bcdefghijklmnop";
            r.queue_id = "4Q" + std::to_string(i) + "aaa";
            r.time = r.observations.time = r.time + Seconds(60 * i);
            if (i == 1) r.rcpts = {"dirk@example.org"};
            r.action = i == 0 ? Action::Accepted : i == 1 ? Action::Deferred : Action::Held;
            incident.mails.push_back({r.id, r.time, 2.0 + i});
            mails.push_back(r);
        }
        seen(mails);
        incident.id = mails[2].id;
        incident.from = mails[2].from;
        incident.opened = incident.last_held = mails[2].time;
        incident.mails.push_back({"forgottenmailid1", mails[2].time, 2});
        incident.left_out = 3;
        keep();
    }
    void keep() const {
        auto opened = Store::open(store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        REQUIRE((*txn)->put(Table::Messages, incident_key(Key16{{1}}), encode(incident)));
        REQUIRE((*txn)->commit());
    }
    Incident incident;
};

struct FakePostfix {
    explicit FakePostfix(const std::string& queue) {
        dir.write("queue.json", queue);
        script("postconf", "echo mx.example.org");
        script("postqueue", "cat " + dir.file("queue.json"));
        script("postsuper", "echo \"$@\" >> " + dir.file("calls"));
    }
    void script(const std::string& name, const std::string& body) const {
        dir.write(name, "#!/bin/sh\n" + body + "\n");
        ::chmod(dir.file(name).c_str(), 0755);
    }
    test::TempDir dir;
};

}  // namespace

TEST_CASE("incidents are listed with their sender and how many mails they have") {
    const Story site;
    const auto out = site.kith({"incident", "list"});
    CHECK(out.status == 0);
    CHECK(out.out ==
          "ID                STATE   OPENED                LAST HELD             MAILS  FROM\n"
          "zbcdefghijklmnop  closed  2026-03-01T12:36:56Z  2026-03-01T12:36:56Z  7      "
          "anna@supplier.example\n");
    const Json j = Json::parse(site.kith({"--json", "incident", "list"}).out);
    REQUIRE(j["incidents"].size() == 1);
    CHECK(j["incidents"][0]["id"] == "zbcdefghijklmnop");
    CHECK(j["incidents"][0]["from"] == "anna@supplier.example");
    CHECK(j["incidents"][0]["mails"] == 7);
}

TEST_CASE("no incidents is said") {
    const Site site;
    site.seen({test::passed_mail()});
    CHECK(site.kith({"incident", "list"}).out == "no incidents\n");
    const auto out = site.kith({"incident", "show", "abcd"});
    CHECK(out.status == 66);
    CHECK(out.err.find("kith incident list") != std::string::npos);
}

TEST_CASE(
    "an incident names the recipients of what was delivered and what was done with each mail") {
    const Story site;
    const auto out = site.kith({"incident", "show", "zbcd"});
    CHECK(out.status == 0);
    CHECK(out.out.find("Delivered to: bert@example.org, cora@example.org\n") != std::string::npos);
    CHECK(out.out.find("deferred") != std::string::npos);
    CHECK(out.out.find("and 3 mails more") != std::string::npos);
    const Json j = Json::parse(site.kith({"--json", "incident", "show", "xbcdefghijklmnop"}).out);
    CHECK(j["id"] == "zbcdefghijklmnop");
    CHECK(j["delivered_to"] == Json{"bert@example.org", "cora@example.org"});
    CHECK(j["left_out"] == 3);
    REQUIRE(j["mails"].size() == 3);  // what the index forgot is left out
    CHECK(j["mails"][0]["action"] == "accepted");
    CHECK(j["mails"][1]["action"] == "deferred");
    CHECK(j["mails"][1]["rcpts"] == Json{"dirk@example.org"});
    CHECK(j["mails"][2]["action"] == "held");
    CHECK(j["mails"][2]["evidence"] == 4.0);
}

TEST_CASE("an incident that is over cannot be closed") {
    const Story site;  // of months ago
    const auto out = site.kith({"incident", "close", "zbcd"});
    CHECK(out.status == 66);
    CHECK(out.err.find("not open any more") != std::string::npos);
}

TEST_CASE("closing an incident is recorded in the journal for the learner") {
    Story site;
    site.incident.last_held = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
    site.keep();
    CHECK(site.kith({"status"}).out.find("incidents  1 open") != std::string::npos);
    const bool by_mail = GENERATE(true, false);
    const auto out = site.kith(
        {"incident", "close", by_mail ? "xbcdefghijklmnop" : "zbcd", "--why", "new password"});
    CHECK(out.err.empty());
    CHECK(out.status == 0);
    CHECK(out.out.find("closed incident zbcdefghijklmnop") == 0);
    const auto journal = JournalReader::open(site.journal());
    REQUIRE(journal);
    std::optional<AdminRecord> last;
    for (;;) {
        const auto record = (*journal)->next();
        REQUIRE(record);
        if (!record->has_value()) break;
        if ((*record)->type == RecordType::Close) last = *decode_admin_record((*record)->payload);
    }
    REQUIRE(last);
    CHECK(last->id == "zbcdefghijklmnop");
    CHECK(last->why == "new password");
}

TEST_CASE("what of an incident is still queued is put on hold, and nothing else") {
    if (::geteuid() != 0) {
        WARN("needs root: hold refuses others");
        SUCCEED();
        return;
    }
    const Story site;
    const FakePostfix postfix(R"({"queue_name": "deferred", "queue_id": "4Q0aaa"})"
                              "\n"
                              R"({"queue_name": "hold", "queue_id": "4Q2aaa"})"
                              "\n"
                              R"({"queue_name": "deferred", "queue_id": "4Q9zzz"})"
                              "\n");
    const auto out = site.kith({"incident", "hold", "zbcd", "--postfix-bin", postfix.dir.str()});
    CHECK(out.err.empty());
    CHECK(out.status == 0);
    CHECK(out.out == "held xbcdefghijklmnop: 4Q0aaa to bert@example.org, cora@example.org\n");
    CHECK(postfix.dir.read("calls") == "-h 4Q0aaa\n");

    const FakePostfix empty("");
    CHECK(site.kith({"incident", "hold", "zbcd", "--postfix-bin", empty.dir.str()}).out ==
          "nothing of incident zbcdefghijklmnop is queued: it is delivered, on hold or was not "
          "accepted\n");
}
