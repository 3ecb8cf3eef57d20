// SPDX-License-Identifier: Apache-2.0
// `kith hunt`, `search`, `similar` and `backtest` over a recorded past.
#include <nlohmann/json.hpp>

#include <tuple>

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
}

TEST_CASE("a tag or an indicator that is none is named as it was typed, with the nearest") {
    const Past past;
    for (const auto& [option, name, says] :
         {std::tuple("--tag", "phishing-lonk",
                     "--tag phishing-lonk: there is no such tag; did you mean phishing-link?"),
          std::tuple("--tag", "phishing",
                     "--tag phishing: there is no such tag; did you mean phishing-"),
          std::tuple("--tag", "freemail or ready", "--tag freemail or ready: there is no such tag"),
          std::tuple("--indicator", "Out of Charaacter",
                     "--indicator Out of Charaacter: there is no such indicator; did you mean "
                     "out-of-character?"),
          std::tuple("--indicator", "zzzzzzzz",
                     "--indicator zzzzzzzz: there is no such indicator\n")}) {
        const auto out = past.kith({"search", option, name});
        INFO(out.err);
        CHECK(out.status == 64);
        CHECK(out.err.find(says) != std::string::npos);
        CHECK(out.err.find("kith-indicators(7) lists them") != std::string::npos);
        CHECK(out.err.find("condition") == std::string::npos);
    }
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

TEST_CASE("backtest says where the models as they are have the file already") {
    const Past past;
    std::filesystem::create_directories(past.dir.path() / "models.d");
    const auto notes = [&](const std::string& mode) {
        const std::string text = "when: from = dora@*\naction: hold\nmode: " + mode + "\n";
        past.dir.write("models.d/mine.yaml", text);
        return past.json({"backtest", past.dir.write("mine.yaml", text)})["notes"];
    };
    REQUIRE(notes("live").size() == 1);
    CHECK(notes("live")[0].get<std::string>().starts_with("the models as they are have mine as "));
    CHECK(notes("experimental").empty());  // to count as live is a change
    const std::string other =
        past.dir.write("mine.yaml", "when: from = anna@*\naction: hold\nmode: live\n");
    CHECK(past.json({"backtest", other})["notes"].empty());
}

TEST_CASE("imported mail has the score and verdict that it got when learned, in every command") {
    const Site site;
    // What import writes has no judgement; the learner indexes its own.
    MailRecord mail = held_mail(), later = held_mail(), asked = held_mail();
    for (MailRecord* r : {&mail, &later}) {
        r->imported = true;
        r->action = Action::Accepted;
        r->assessment = {};
    }
    mail.id = "learned1";
    later.id = "notlearned1";
    asked.id = "asked1";
    for (MailRecord* r : {&mail, &later, &asked}) r->observations.payment = {77};
    site.seen({mail, asked});
    {
        MailRecord learned = mail;
        learned.assessment.score = 60;
        learned.assessment.verdict = Verdict::Quarantine;
        auto store = Store::open(site.store(), Store::Mode::Write).value();
        auto txn = store->write().value();
        const auto entry = find_mail(*txn, mail.id).value();
        REQUIRE(entry);
        REQUIRE(index_mail(*txn, learned, entry->position));
        REQUIRE(txn->commit());
        auto writer = JournalWriter::open(site.journal());
        REQUIRE(writer);
        REQUIRE((*writer)->append(RecordType::Mail, later.time, encode(later)));
    }
    const auto json = [&](std::vector<std::string> command) {
        command.insert(command.begin(), "--json");
        const auto out = site.kith(std::move(command));
        CHECK(out.status == 0);
        return Json::parse(out.out);
    };
    const auto of = [](const Json& mails, const std::string& id) {
        for (const Json& m : mails)
            if (m["id"] == id) return m;
        FAIL(id);
        return Json();
    };
    const Json hunted = json({"hunt", "--imported", "--where", "payment > 0"})["mails"];
    const Json alike = json({"similar", "asked1"})["mails"];
    const Json found =
        json({"search", "--imported", "--address", "anna@supplier.example"})["mails"];
    const Json listed = json({"list", "--all"})["mails"];
    for (const Json& mails : {hunted, alike, found, listed}) {
        const Json m = of(mails, "learned1");
        CHECK(m["score"] == 60.0);
        CHECK(m["verdict"] == "quarantine");
        CHECK(m["judged"] == "when learned");
        if (mails == listed) continue;
        CHECK(of(mails, "notlearned1")["score"].is_null());
        CHECK(of(mails, "notlearned1")["verdict"].is_null());
        CHECK(of(mails, "notlearned1")["judged"] == "not yet");
    }
    const std::string text = site.kith({"hunt", "--imported", "--where", "payment > 0"}).out;
    CHECK(text.find("60.0   quarantine, when learned") != std::string::npos);
    CHECK(text.find("-      not judged yet") != std::string::npos);
    // What is shown is also what a condition sees.
    CHECK(json({"hunt", "--imported", "--where", "score = 60 and rate <= 1.01"})["matches"] == 1);
    CHECK(json({"hunt", "--imported", "--where", "rate = 1000"})["matches"] == 1);
    const std::string model =
        site.dir.write("mine.yaml", "when: score >= 60\naction: reject\nmode: live\n");
    CHECK(json({"backtest", model})["looked_at"]["mails"] == 1);
    CHECK(site.kith({"model", "test", model, "learned1"})
              .out.find("mine matches learned1, score 60.0") == 0);
}

TEST_CASE("backtest takes imported mail in, and says so where there is nothing else") {
    const Site site;
    MailRecord mail = passed_mail();
    mail.imported = true;
    site.seen({mail});
    const std::string model = site.dir.write("mine.yaml", "when: from = dora@*\naction: hold\n");
    CHECK(site.kith({"backtest", model}).out ==
          "looked at 0 mails\n1 imported mail is left out, --imported takes it in\n");
    const Site mixed;
    MailRecord live = passed_mail();
    live.id = "livelivelivelive";
    mixed.seen({mail, live});
    const std::string both = mixed.kith({"hunt", "--where", "score >= 0"}).out;
    CHECK(both.find("looked at 1 mail of ") == 0);
    CHECK(both.find("1 imported mail is left out") != std::string::npos);
    const auto out = site.kith({"--json", "backtest", "--imported", model});
    CHECK(out.status == 0);
    const Json j = Json::parse(out.out);
    CHECK(j["looked_at"]["mails"] == 1);
    CHECK(j["gained"]["mails"] == 1);
    CHECK(j["gained"]["newest"][0]["judged"] == "when learned");
}

TEST_CASE("an address that has to be cut ends with an ellipsis") {
    const Site site;
    MailRecord mail = held_mail(), other = held_mail();
    mail.id = "aaaa1111";
    other.id = "bbbb2222";
    for (MailRecord* r : {&mail, &other}) {
        r->from = std::string(60, 'a') + "@supplier.example";
        r->observations.payment = {77};
    }
    site.seen({mail, other});
    CHECK(site.kith({"similar", "aaaa1111"}).out.find(other.from + "  ") != std::string::npos);
    const auto narrow =
        admin::run_process({"/usr/bin/env", "COLUMNS=100", kith::test::kith_program(), "-c",
                            site.dir.file("kith.yaml"), "similar", "aaaa1111"},
                           {});
    REQUIRE(narrow);
    CHECK(narrow->out.find("aaa\u2026  ") != std::string::npos);
    CHECK(site.kith({"hunt", "--where", "payment > 0"}).out.find(std::string(37, 'a') + "\u2026") !=
          std::string::npos);
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
