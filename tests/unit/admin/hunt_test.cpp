// SPDX-License-Identifier: Apache-2.0
// `kith hunt`, `search`, `similar` and `backtest` over a recorded past.
#include <nlohmann/json.hpp>

#include "tests/support/observed.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using test::held_mail;
using test::passed_mail;
using test::Site;
using Json = nlohmann::json;

namespace {

/// Thirty ordinary mails of dora, then four of anna with one page, two of them held.
struct Past : Site {
    Past() {
        std::vector<MailRecord> mails;
        for (int i = 0; i < 30; ++i) {
            MailRecord r = passed_mail();
            r.id = "dora" + std::to_string(100 + i);
            r.time = r.observations.time = r.time + Seconds(3600 * i);
            r.assessment.score = i;
            mails.push_back(r);
        }
        for (int i = 0; i < 4; ++i) {
            MailRecord r = held_mail();
            r.id = "anna" + std::to_string(100 + i);
            r.time = r.observations.time = r.time + Seconds(200000 + 60 * i);
            r.rcpts = {"reader" + std::to_string(i) + "@example.org"};
            r.assessment.p = i < 2 ? .002 : .0002;
            r.assessment.score = i < 2 ? 54 : 74;
            r.assessment.verdict = i < 2 ? Verdict::Tag : Verdict::Quarantine;
            r.action = i < 2 ? Action::Accepted : Action::Held;
            r.observations.links.resize(1);
            r.observations.links[0].tenant = 77;
            r.observations.links[0].host = 7;
            mails.push_back(r);
        }
        mails.push_back(passed_mail());
        mails.back().id = "imported1";
        mails.back().imported = true;
        seen(mails);
    }
    [[nodiscard]] Json json(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "--json");
        const auto out = kith(std::move(arguments));
        CHECK(out.status == 0);
        return Json::parse(out.out);
    }
};

}  // namespace

TEST_CASE("hunt finds what a condition fits, newest first, and leaves imported mail out") {
    const Past past;
    const Json all = past.json({"hunt", "--where", "score >= 0"});
    CHECK(all["looked_at"]["mails"] == 34);
    CHECK(all["matches"] == 34);
    CHECK(all["held"] == 2);
    CHECK(all["tagged"] == 2);
    CHECK(all["mails"].size() == 20);
    CHECK(all["mails"][0]["id"] == "anna103");
    CHECK(past.json({"hunt", "--where", "score >= 0", "--imported"})["matches"] == 35);
    CHECK(past.json({"hunt", "--where", "from = dora@* and score < 3"})["matches"] == 3);
    CHECK(past.json({"hunt", "--where", "score >= 0", "--since", "2026-03-03"})["matches"] ==
          past.json({"hunt", "--where", "score >= 0"})["matches"].get<int>() -
              past.json({"hunt", "--where", "score >= 0", "--until", "2026-03-03"})["matches"]
                  .get<int>());
}

TEST_CASE("hunt groups by sender, client and campaign") {
    const Past past;
    const Json senders =
        past.json({"hunt", "--where", "score >= 0", "--group-by", "sender"})["groups"];
    REQUIRE(senders.size() == 2);
    CHECK(senders[0]["group"] == "dora@partner.example");
    CHECK(senders[0]["mails"] == 30);
    CHECK(senders[1]["recipients"] == 4);
    CHECK(senders[1]["held"] == 2);
    CHECK(senders[1]["example"] == "anna102");
    const Json campaigns =
        past.json({"hunt", "--where", "links > 0", "--group-by", "campaign"})["groups"];
    REQUIRE(campaigns.size() == 1);
    CHECK(campaigns[0]["mails"] == 4);
    CHECK(past.kith({"hunt", "--where", "ready", "--group-by", "moon"}).status == 64);
}

TEST_CASE("hunt takes a model by name or file, and tells what admins said of its mail") {
    const Past past;
    past.mark("anna103", MailState::Confirmed);
    past.mark("anna102", MailState::Released);
    const Json j = past.json({"hunt", "--model", "budget-hold"});
    CHECK(j["matches"] == 2);
    CHECK(j["released"] == 1);
    CHECK(j["confirmed"] == 1);
    const std::string file =
        past.dir.write("mine.yaml", "when: links > 0\nthreshold: 60\naction: tag\n");
    CHECK(past.json({"hunt", "--model", file})["matches"] == 2);
    CHECK(past.kith({"hunt", "--model", "budget-hodl"}).status == 66);
    CHECK(past.kith({"hunt"}).status == 64);
    const auto bad = past.kith({"hunt", "--where", "scor > 1"});
    CHECK(bad.status == 78);
    CHECK(bad.err.find("did you mean score?") != std::string::npos);
    const auto never = past.kith({"hunt", "--where", "wants = lnk"});
    CHECK(never.status == 78);
    CHECK(never.err.find("wants is never lnk; did you mean link?") != std::string::npos);
}

TEST_CASE("search finds by address, domain, host, account and indicator") {
    const Past past;
    CHECK(past.json({"search", "--address", "ANNA@supplier.example"})["matches"] == 4);
    CHECK(past.json({"search", "--address", "reader1@example.org"})["matches"] == 1);
    CHECK(past.json({"search", "--domain", "partner.example"})["matches"] == 30);
    CHECK(past.json({"search", "--host", "192.0.2.7"})["matches"] == 4);
    CHECK(past.json({"search", "--indicator", "Out of Character", "--at-least", "70"})["matches"] ==
          4);
    CHECK(past.json({"search", "--indicator", "Out of Character", "--at-least", "72"})["matches"] ==
          0);
    CHECK(past.json({"search", "--account", "nobody"})["matches"] == 0);
    CHECK(past.json({"search", "--address", "a\" or ready or from = \"b"})["matches"] == 0);
    CHECK(past.kith({"search"}).status == 64);
    CHECK(past.kith({"search", "--tag", "phishing-lonk"})
              .err.find("did you mean tag.phishing-link?") != std::string::npos);
}

TEST_CASE("similar finds mail with the same page, not what only has the same sender") {
    const Past past;
    const Json j = past.json({"similar", "anna100"});
    REQUIRE(j["mails"].size() == 3);
    CHECK(j["mails"][0]["shares"].get<std::string>().find("same page") != std::string::npos);
    CHECK(past.json({"similar", "dora100"})["mails"].empty());
    CHECK(past.kith({"similar", "nobody"}).status == 66);
}

TEST_CASE("backtest tells holds gained and lost against the models that are live") {
    const Past past;
    const std::string wider = past.dir.write(
        "wider.yaml", "name: budget-hold\nwhen: rate <= 3\naction: hold\nmode: live\n");
    const Json j = past.json({"backtest", wider});
    CHECK(j["held_now"] == 2);
    CHECK(j["held_then"] == 4);
    CHECK(j["gained"]["mails"] == 2);
    CHECK(j["gained"]["newest"][0]["model"] == "budget-hold");
    CHECK(j["lost"]["mails"] == 0);
    const std::string off = past.dir.write("off.yaml", "override: budget-hold\nenabled: false\n");
    const Json none = past.json({"backtest", off});
    CHECK(none["held_then"] == 0);
    CHECK(none["lost"]["mails"] == 2);
    CHECK(none["tags_gained"]["mails"] == 0);  // a hold that is lost is told as that alone
    const std::string mine = past.dir.write("mine.yaml", "when: from = dora@*\naction: hold\n");
    CHECK(past.json({"backtest", mine})["gained"]["mails"] == 30);
    CHECK(past.json({"backtest", "--as-written", mine})["gained"]["mails"] == 0);
    CHECK(past.kith({"backtest", past.dir.write("bad.yaml", "when: x\n")}).status == 78);
}

TEST_CASE("damage in the journal is told and survived") {
    const Past past;
    const std::string segment = past.dir.file("journal/0000000001.kj");
    std::string bytes = past.dir.read("journal/0000000001.kj");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    past.dir.write("journal/0000000001.kj", bytes);
    const Json j = past.json({"hunt", "--where", "score >= 0"});
    CHECK(j["matches"].get<int>() >= 32);
    CHECK(j["matches"].get<int>() < 34);
    CHECK(j["looked_at"]["damaged_bytes"].get<int>() + j["looked_at"]["unreadable"].get<int>() > 0);
}
