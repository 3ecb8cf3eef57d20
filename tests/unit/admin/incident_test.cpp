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
    void keep() const { Site::keep(incident_key(Key16{{1}}), encode(incident)); }
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

TEST_CASE("incidents that are over are listed when asked for, with what became of their mail") {
    const Story site;
    CHECK(site.kith({"incident", "list"}).out == "no open incidents; --all shows the others\n");
    const auto out = site.kith({"incident", "list", "--all"});
    CHECK(out.status == 0);
    CHECK(
        out.out ==
        "ID                STATE  FIRST                 LAST                  MAILS  HELD  NEARLY  "
        "TO  ANSWERED  FROM\n"
        "zbcdefghijklmnop  over   2026-03-01T12:34:56Z  2026-03-01T12:36:56Z  7      1     2       "
        "3   -         anna@supplier.example\n");
    const Json j = Json::parse(site.kith({"--json", "incident", "list", "--all"}).out);
    REQUIRE(j["groups"].size() == 1);
    CHECK(j["groups"][0]["id"] == "zbcdefghijklmnop");
    CHECK(j["groups"][0]["from"] == Json{"anna@supplier.example"});
    CHECK(j["groups"][0]["mails"] == 7);
    CHECK(j["groups"][0]["rcpts"] ==
          Json{"bert@example.org", "cora@example.org", "dirk@example.org"});
    CHECK(j["groups"][0]["incidents"][0]["last_held"] == "2026-03-01T12:36:56Z");
    CHECK(Json::parse(site.kith({"--json", "incident", "list"}).out)["groups"].empty());
}

namespace {

/// Incidents of the last hour, each of one mail: sender, words, what was done.
struct Today : Site {
    struct One {
        std::string id, from;
        std::uint32_t words;
        Action action;
        Verdict verdict;
        double score;
        bool near_only;
    };
    explicit Today(const std::vector<One>& all) {
        const Time now = SystemClock().now();
        std::vector<MailRecord> mails;
        std::vector<Incident> incidents;
        for (const One& one : all) {
            MailRecord r = test::held_mail();
            r.id = one.id;
            r.from = r.mail_from = one.from;
            r.time = r.observations.time =
                now - Seconds(3600 - 60 * static_cast<int>(mails.size()));
            r.action = one.action;
            r.assessment.verdict = one.verdict;
            r.assessment.score = one.score;
            r.observations.sketch.fill(one.words);
            r.observations.word_total = 40;
            r.observations.sender = Key16{{static_cast<std::uint8_t>(mails.size() + 1)}};
            r.observations.message_id = 100 + mails.size();
            Incident i;
            i.id = r.id;
            i.from = r.from;
            i.opened = i.last_held = r.time;
            i.near_only = one.near_only;
            i.mails = {{r.id, r.time, 3}};
            incidents.push_back(i);
            mails.push_back(r);
        }
        // Somebody here answers the first one.
        MailRecord answer = test::passed_mail();
        answer.from = "bert@example.org";
        answer.time = answer.observations.time = now - Seconds(60);
        answer.observations.direction = Direction::Outbound;
        answer.observations.refs = {100};
        mails.push_back(answer);
        seen(mails);
        auto opened = Store::open(store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        for (std::size_t n = 0; n < incidents.size(); ++n)
            REQUIRE((*txn)->put(Table::Messages,
                                incident_key(Key16{{static_cast<std::uint8_t>(n + 1)}}),
                                encode(incidents[n])));
        REQUIRE((*txn)->commit());
    }
    [[nodiscard]] Json groups() const {
        const auto out = kith({"--json", "incident", "list"});
        if (out.status != 0) FAIL(out.err);
        return Json::parse(out.out)["groups"];
    }
};

}  // namespace

TEST_CASE("one campaign of several senders is one line, and who answered stands in it") {
    const Today site(
        {{"aaaaheldaaaaaaaa", "anna@one.example", 7, Action::Held, Verdict::Quarantine, 80, false},
         {"bbbbnearbbbbbbbb", "ben@two.example", 7, Action::Deferred, Verdict::Defer, 55, true},
         {"ccccotherccccccc", "cora@three.example", 9, Action::Accepted, Verdict::Tag, 52, true}});
    const Json groups = site.groups();
    REQUIRE(groups.size() == 2);
    CHECK(groups[0]["id"] == "ccccotherccccccc");
    CHECK(groups[0]["state"] == "near-held");
    CHECK(groups[0]["near_held"] == 1);
    CHECK(groups[0]["answered"].empty());
    CHECK(groups[1]["id"] == "bbbbnearbbbbbbbb");
    CHECK(groups[1]["state"] == "open");
    CHECK(groups[1]["from"] == Json{"ben@two.example", "anna@one.example"});
    CHECK(groups[1]["mails"] == 2);
    CHECK(groups[1]["held"] == 1);
    CHECK(groups[1]["near_held"] == 1);
    CHECK(groups[1]["answered"] == Json{"bert@example.org"});
    CHECK(groups[1]["incidents"].size() == 2);
    const std::string text = site.kith({"incident", "list"}).out;
    CHECK(text.find("ben@two.example and 1 more") != std::string::npos);
    CHECK(text.find("bert@example.org") != std::string::npos);
}

TEST_CASE("a tagged mail far below the hold level is none that was nearly held") {
    const Today site(
        {{"aaaaheldaaaaaaaa", "anna@one.example", 7, Action::Accepted, Verdict::Tag, 45, false}});
    CHECK(site.groups()[0]["near_held"] == 0);
}

TEST_CASE("what would have been held in another mode was not held, but nearly") {
    const Today site({{"aaaapassaaaaaaaa", "anna@one.example", 7, Action::Accepted,
                       Verdict::Quarantine, 80, false}});
    CHECK(site.groups()[0]["held"] == 0);
    CHECK(site.groups()[0]["near_held"] == 1);
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
    CHECK(out.out.find("Incident zbcdefghijklmnop: mail of anna@supplier.example, "
                       "2026-03-01T12:34:56Z to 2026-03-01T12:36:56Z, closed\n") == 0);
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
    CHECK(out.err.find("not open any more: over on " +
                       iso8601(site.incident.last_held + kIncidentKept) + ", 30 days after") !=
          std::string::npos);
}

TEST_CASE("of an incident that an admin closed the answer says so, and when") {
    Story site;
    site.incident.closed = from_unix(1772455000);
    site.keep();
    const auto out = site.kith({"incident", "close", "zbcd"});
    CHECK(out.status == 66);
    CHECK(out.err.find("not open any more: closed by an admin on " +
                       iso8601(site.incident.closed)) != std::string::npos);
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
