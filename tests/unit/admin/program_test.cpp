// SPDX-License-Identifier: Apache-2.0
// The built program on a directory of its own with a real store and journal: exact outputs, exit
// codes, missing things.
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "engine/admin/output.hpp"
#include "engine/assess/in_use.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/attached.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/support/unix_listener.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::held_mail;
using kith::test::passed_mail;
using kith::test::Site;
using Json = nlohmann::ordered_json;

TEST_CASE("list prints the mail that did not pass, newest first, in columns") {
    Site site;
    MailRecord tagged = passed_mail();
    tagged.assessment.verdict = Verdict::Tag;
    tagged.assessment.score = 45;
    site.seen({held_mail(), tagged});
    const auto out = site.kith({"list"});
    CHECK(out.status == 0);
    CHECK(out.out ==
          "ID                TIME (UTC)        SCORE  VERDICT     ACTION    FROM                   "
          "TO                   QUEUE ID    DIRECTION\n"
          "bcdefghijklmnopq  2026-03-01 12:35  45.0   tag         accepted  dora@partner.example   "
          "bert@example.org     4Q1XYZ3abc  inbound\n"
          "abcdefghijklmnop  2026-03-01 12:34  88.0   quarantine  held      anna@supplier.example  "
          "bert@example.org +1  4Q1XYZ2abc  inbound\n");
    CHECK(site.kith({"list", "--held"}).out.find("bcdefghijklmnopq") == std::string::npos);
}

TEST_CASE("where the mode kept a verdict from being done, list and show say what would have been") {
    Site site;
    MailRecord passive = held_mail(), refused = held_mail(), delayed = held_mail();
    for (MailRecord* mail : {&passive, &refused, &delayed}) {
        mail->mode = "passive";
        mail->action = Action::Accepted;
    }
    refused.id = "refused1";
    refused.assessment.verdict = Verdict::Reject;
    delayed.id = "delayed1";
    delayed.assessment.verdict = Verdict::Defer;
    site.seen({passive, refused, delayed});
    const std::string held = site.kith({"list", "--held"}).out;
    CHECK(held.find("quarantine  accepted, would have been held      anna") != std::string::npos);
    CHECK(held.find("reject      accepted, would have been rejected  anna") != std::string::npos);
    CHECK(site.kith({"list"}).out.find("accepted, would have been delayed") != std::string::npos);
    CHECK(site.kith({"show", "abcdefghijklmnop"})
              .out.find("action      accepted, would have been held\n") != std::string::npos);
    site.mark("abcdefghijklmnop", MailState::Confirmed);
    CHECK(site.kith({"list", "--held"}).out.find("would have been held (confirmed)") !=
          std::string::npos);
}

TEST_CASE("list leaves out mail that passed unless all is asked for") {
    Site site;
    site.seen({passed_mail()});
    CHECK(site.kith({"list"}).out == "no mail with another verdict than pass\n");
    CHECK(site.kith({"list", "--all"}).out.find("bcdefghijklmnopq") != std::string::npos);
    CHECK(site.kith({"list", "--all", "--since", "1h"}).out == "no mail\n");
    CHECK(site.kith({"list", "--all", "--since", "2026-03-01"}).out.find("bcdefghijklmnopq") !=
          std::string::npos);
}

TEST_CASE("list keeps the journal's order within a second, also where the limit cuts it") {
    Site site;
    std::vector<MailRecord> mails;
    for (const char* id : {"mmmmmmmm", "aaaaaaaa", "zzzzzzzz"}) {
        mails.push_back(held_mail());
        mails.back().id = id;
    }
    site.seen(mails);
    const Json all = Json::parse(site.kith({"list", "--json"}).out)["mails"];
    REQUIRE(all.size() == 3);
    CHECK(all[0]["id"] == "zzzzzzzz");
    CHECK(all[1]["id"] == "aaaaaaaa");
    CHECK(all[2]["id"] == "mmmmmmmm");
    const Json one = Json::parse(site.kith({"list", "--json", "--limit", "1"}).out)["mails"];
    REQUIRE(one.size() == 1);
    CHECK(one[0]["id"] == "zzzzzzzz");
}

TEST_CASE("an empty list says what there is none of") {
    Site site;
    site.seen({passed_mail()});
    const auto held = site.kith({"list", "--held"});
    CHECK(held.status == 0);
    CHECK(held.out == "no mail was held, and none would have been\n");
    CHECK(site.kith({"list"}).out == "no mail with another verdict than pass\n");
}

TEST_CASE("list as JSON has the documented shape") {
    Site site;
    site.seen({held_mail()});
    const auto out = site.kith({"list", "--json"});
    CHECK(out.out == R"({
  "mails": [
    {
      "id": "abcdefghijklmnop",
      "time": "2026-03-01T12:34:56Z",
      "score": 88.0,
      "verdict": "quarantine",
      "judged": "on arrival",
      "action": "held",
      "state": "none",
      "direction": "inbound",
      "imported": false,
      "from": "anna@supplier.example",
      "rcpt": "bert@example.org",
      "rcpt_count": 2,
      "queue_id": "4Q1XYZ2abc",
      "host": "mx.example.org",
      "attached": "none",
      "hold": "unknown",
      "reports": 0
    }
  ]
}
)");
}

TEST_CASE(
    "list fits into 120 columns, and into 80 where there are no more, however long addresses are") {
    Site site;
    MailRecord mail = held_mail();
    mail.from = "a.very.long.name.indeed@a.very.long.domain.of.a.supplier.example";
    mail.rcpts = {"somebody.with.a.long.name@a.department.example.org", "x@example.org"};
    site.seen({mail, passed_mail()});
    for (const auto& [columns, width] : {std::pair{"120", 120U}, {"80", 80U}, {"20", 80U}}) {
        const auto out = admin::run_process(
            {"/usr/bin/env", std::string("COLUMNS=") + columns, kith::test::kith_program(),
             "--config", site.dir.file("kith.yaml"), "list", "--all", "-n", "5"},
            {});
        REQUIRE(out);
        CHECK(out->status == 0);
        std::size_t lines = 0;
        for (const auto line : split(out->out, '\n')) {
            CHECK(admin::text_width(line) <= width);
            if (!line.empty()) ++lines;
        }
        CHECK(lines == 3);
        CHECK(out->out.find("abcdefghijklmnop") != std::string::npos);
        CHECK(out->out.find("a.very.long.") != std::string::npos);
    }
}

TEST_CASE("show finds a mail by its id, the beginning of it, its queue id and its Message-ID") {
    Site site;
    site.write_secret();
    MailRecord mail = held_mail();
    mail.observations.message_id =
        Hasher({'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'})
            .hash64("mid", mail.message_id);
    site.seen({mail});
    const std::string by_id = site.kith({"show", "abcdefghijklmnop"}).out;
    CHECK(by_id.find("reason      first link to forms.example in 214 mails over 296 days\n") !=
          std::string::npos);
    CHECK(by_id.find(
              "client      192.0.2.7, name out.supplier.example, HELO out.supplier.example\n") !=
          std::string::npos);
    CHECK(site.kith({"show", "abcd"}).out == by_id);
    CHECK(site.kith({"show", "4Q1XYZ2abc"}).out == by_id);
    CHECK(site.kith({"show", "<1@supplier.example>"}).out == by_id);
    CHECK(site.kith({"show", "1@supplier.example"}).out == by_id);
}

TEST_CASE("show tells how the client's connection was encrypted, as far as that is known") {
    Site site;
    MailRecord mail = held_mail();
    site.seen({mail});
    CHECK(site.kith({"show", "abcdefghijklmnop"}).out.find("encryption") == std::string::npos);
    Site other;
    mail.tls_version = "TLSv1.3";
    mail.cipher = "TLS_AES_256_GCM_SHA384";
    other.seen({mail});
    CHECK(other.kith({"show", "abcdefghijklmnop"})
              .out.find("encryption  TLSv1.3 TLS_AES_256_GCM_SHA384\n") != std::string::npos);
    const Json j = Json::parse(other.kith({"--json", "show", "abcdefghijklmnop"}).out);
    CHECK(j["client"]["tls_version"] == "TLSv1.3");
    CHECK(j["client"]["cipher"] == "TLS_AES_256_GCM_SHA384");
}

TEST_CASE("show as JSON adds the record to the mail object") {
    Site site;
    site.seen({held_mail()});
    const Json j = Json::parse(site.kith({"--json", "show", "abcdefghijklmnop"}).out);
    CHECK(j["record"] == "kept");
    CHECK(j["action"] == "held");
    CHECK(j["rcpts"] == Json({"bert@example.org", "cora@example.org"}));
    CHECK(j["stratum"] == "link");
    CHECK(j["reasons"][0]["feature"] == "link_host");
    CHECK(j["indicators"][1]["score"] == 90.0);
    CHECK(j["client"]["addr"] == "192.0.2.7");
}

TEST_CASE("show still prints what the index has when the journal no longer keeps the record") {
    Site site;
    site.seen({held_mail()});
    std::filesystem::remove_all(site.dir.path() / "journal");
    std::filesystem::create_directories(site.dir.path() / "journal");
    const auto shown = site.kith({"show", "abcdefghijklmnop"});
    CHECK(shown.status == 0);
    CHECK(shown.out.find("record      no longer in the journal") != std::string::npos);
    const auto explained = site.kith({"explain", "abcdefghijklmnop"});
    CHECK(explained.status == 66);
    CHECK(explained.err.find("its record is no longer in the journal") != std::string::npos);
}

TEST_CASE("explain ranks the reasons, says what would have helped and which command releases") {
    Site site;
    site.seen({held_mail()});
    CHECK(site.kith({"explain", "abcdefghijklmnop"}).out ==
          "Mail abcdefghijklmnop of 2026-03-01T12:34:56Z, from anna@supplier.example to "
          "bert@example.org "
          "and 1 more.\n"
          "Score 88.0 of 100: about 1 in 25,000 of this site's genuine mails looks as suspicious.\n"
          "The verdict is quarantine; the mail was held.\n"
          "\n"
          "Reasons, strongest first, each with its share:\n"
          "  1.  75 %  first link to forms.example in 214 mails over 296 days\n"
          "  2.  25 %  time zone +0300, 214 mails came from +0100\n"
          "\n"
          "Indicators, 0-100:\n"
          "  90.0  Inducement Shift\n"
          "  71.2  Out of Character\n"
          "\n"
          "What would have changed the verdict: it would have passed without the link\n"
          "\n"
          "What you can do:\n"
          "  kith release abcdefghijklmnop    # deliver it\n"
          "  kith release abcdefghijklmnop --learn    # deliver it and learn that this is normal\n"
          "  kith drop abcdefghijklmnop    # delete it\n"
          "  kith confirm abcdefghijklmnop    # record that it was bad\n");
}

TEST_CASE("list, show and explain tell the verdict when learned from what was done on arrival") {
    Site site;
    MailRecord mail = passed_mail();
    mail.assessment.degraded = "store gone";
    site.seen({mail});
    {
        // As the learner indexes it: with its own judgement.
        MailRecord learned = held_mail();
        learned.id = mail.id;
        learned.action = Action::Accepted;
        learned.assessment.degraded = mail.assessment.degraded;
        auto store = Store::open(site.store(), Store::Mode::Write);
        REQUIRE(store);
        auto writer = (*store)->write();
        REQUIRE(writer);
        const auto entry = find_mail(**writer, mail.id);
        REQUIRE(entry);
        REQUIRE(index_mail(**writer, learned, (*entry)->position));
        REQUIRE((*writer)->commit());
    }
    const std::string listed = site.kith({"list"}).out;
    CHECK(listed.find("88.0   quarantine, when learned  accepted") != std::string::npos);
    const std::string shown = site.kith({"show", mail.id}).out;
    CHECK(shown.find("verdict     quarantine, when learned\naction      accepted\n") !=
          std::string::npos);
    CHECK(shown.find("not judged  on arrival: store gone\n") != std::string::npos);
    const std::string explained = site.kith({"explain", mail.id}).out;
    CHECK(explained.find("kith could not judge the mail on arrival: store gone. When learned it "
                         "got the score 88.0 of 100 and the verdict quarantine.\n"
                         "Without a verdict on arrival the mail was accepted.\n"
                         "No reasons are kept") != std::string::npos);
    const Json j = Json::parse(site.kith({"explain", mail.id, "--json"}).out);
    CHECK(j["verdict"] == "quarantine");
    CHECK(j["judged"] == "when learned");
}

TEST_CASE("explain names the model that decided, and JSON has it whole") {
    Site site;
    site.dir.write("models.d/no-anna.yaml",
                   "description: nobody wants Anna\nwhen: from = anna@*\naction: hold\nmode: "
                   "live\npriority: 70\n");
    MailRecord mail = held_mail();
    mail.assessment.decided_by = "no-anna";
    site.seen({mail});
    const std::string explained = site.kith({"explain", mail.id}).out;
    CHECK(explained.find("\nIt was decided by the site's model no-anna: nobody wants Anna. Its "
                         "action is hold, its priority 70, its file " +
                         site.dir.file("models.d/no-anna.yaml") + ".\n") != std::string::npos);
    const Json j = Json::parse(site.kith({"explain", mail.id, "--json"}).out);
    CHECK(j["decided_by"] == "no-anna");
    CHECK(j["model"]["name"] == "no-anna");
    CHECK(j["model"]["description"] == "nobody wants Anna");
    CHECK(j["model"]["priority"] == 70);
    CHECK(j["model"]["action"] == "hold");
    CHECK(j["model"]["file"] == site.dir.file("models.d/no-anna.yaml"));
    CHECK(site.kith({"show", mail.id}).out.find("decided by  model no-anna\n") !=
          std::string::npos);
}

TEST_CASE("list, show and explain tell of another account in an attached document") {
    Site site;
    const MailRecord mail = passed_mail();
    site.seen({mail});
    CHECK(site.kith({"list"}).out == "no mail with another verdict than pass\n");
    Attached attached;
    attached.documents = {{DocumentKind::Pdf, ReadOutcome::Whole, {1}, {2}, {3}, true}};
    attached.read = from_unix(1772370000);
    attached.finding = attached.known_sender = true;
    attached.invoices = 14;
    {
        auto store = Store::open(site.store(), Store::Mode::Write);
        REQUIRE(store);
        auto writer = (*store)->write();
        REQUIRE(writer);
        REQUIRE((*writer)->put(Table::Messages, attached_key(mail.id), encode(attached)));
        REQUIRE(set_mail_attached(**writer, mail.id, AttachedMark::Finding));
        REQUIRE((*writer)->commit());
    }
    const std::string told =
        "the attached PDF names a bank account or wallet that this sender never used in 14 "
        "invoices";
    CHECK(site.kith({"list"}).out.find("pass, document names another account") !=
          std::string::npos);
    const std::string shown = site.kith({"show", mail.id}).out;
    CHECK(shown.find("attached    " + told +
                     "\ndocument    pdf: whole, 2 accounts (new), 1 phone "
                     "number\n") != std::string::npos);
    const std::string explained = site.kith({"explain", mail.id}).out;
    CHECK(explained.find("\nAttached: " + told + " (read on 2026-03-01T13:00:00Z).\n") !=
          std::string::npos);
    CHECK(explained.find("kith release " + mail.id +
                         " --learn --no-mta    # let kith learn that "
                         "this is normal\n") != std::string::npos);
    CHECK(explained.find("kith confirm " + mail.id) != std::string::npos);
    const Json j = Json::parse(site.kith({"show", mail.id, "--json"}).out);
    CHECK(j["attached"] == "finding");
    CHECK(j["documents"][0]["kind"] == "pdf");
    CHECK(j["documents"][0]["new"] == true);
    CHECK(Json::parse(site.kith({"list", "--json"}).out)["mails"][0]["attached"] == "finding");
}

TEST_CASE("hostile text of a mail can neither forge a line nor steer the terminal") {
    Site site;
    MailRecord mail = held_mail();
    mail.from_name = "Anna\nverdict     pass\x1b[2J";
    mail.assessment.reasons[0].text = "first\r\nreason\x9b";
    site.seen({mail});
    for (const char* command : {"show", "explain", "list"}) {
        const std::string out =
            site.kith({command, command == std::string("list") ? "--all" : mail.id}).out;
        CHECK(out.find('\x1b') == std::string::npos);
        CHECK(out.find('\r') == std::string::npos);
        CHECK(out.find("\nverdict     pass") == std::string::npos);
    }
}

TEST_CASE("confirm puts a record with who and why into the journal") {
    Site site;
    site.seen({held_mail()});
    const auto out = site.kith({"confirm", "4Q1XYZ2abc", "--why", "payee changed"});
    CHECK(out.status == 0);
    CHECK(out.out.find("recorded that abcdefghijklmnop was bad\n") == 0);
    const auto records = site.records(RecordType::Confirm);
    REQUIRE(records.size() == 1);
    const AdminRecord record = decode_admin_record(records[0].payload).value();
    CHECK(record.id == "abcdefghijklmnop");
    CHECK(record.why == "payee changed");
    CHECK_FALSE(record.who.empty());
}

TEST_CASE("confirming says when it was confirmed before, and when the mail is too old to unlearn") {
    Site site;
    MailRecord young = held_mail(), old = held_mail();
    young.id = "youngefghijklmno";
    young.time = SystemClock().now() - Seconds(86400);
    old.time = SystemClock().now() - Seconds(86400 * 31);
    site.seen({old, young});
    CHECK(site.kith({"confirm", "youngefgh"}).out.find("what it taught stays") ==
          std::string::npos);
    const auto late = site.kith({"confirm", "abcdefgh"});
    CHECK(late.out.find("was bad\n") != std::string::npos);
    CHECK(late.out.find("older than retention.lessons (30 days)") != std::string::npos);
    site.mark("abcdefghijklmnop", MailState::Confirmed);
    CHECK(site.kith({"confirm", "abcdefgh"}).out.find("was bad, as it was before\n") !=
          std::string::npos);
}

TEST_CASE("a confirmed mail stays on hold until it is deleted, and is counted apart") {
    Site site;
    site.seen({held_mail()});
    site.mark("abcdefghijklmnop", MailState::Confirmed);
    const Json j = Json::parse(site.kith({"status", "--json"}).out);
    CHECK(j["on_hold"]["mails"] == 1);
    CHECK(j["on_hold"]["confirmed"] == 1);
    CHECK(site.kith({"status"}).out.find("1 confirmed as bad, until deleted with kith drop") !=
          std::string::npos);
    CHECK(site.kith({"list", "--held"}).out.find("held (confirmed)") != std::string::npos);
}

TEST_CASE("a mail that nobody knows is no input: 66 and where to look") {
    Site site;
    site.seen({held_mail()});
    for (const char* command : {"show", "explain", "confirm", "release"}) {
        const auto out = site.kith({command, "zzzzzzzz"});
        CHECK(out.status == 66);
        CHECK(out.out.empty());
        CHECK(out.err.find("kith: no mail zzzzzzzz in the index\nkith: hint: ") == 0);
    }
}

TEST_CASE("without a store every command that reads it says so") {
    Site site;
    for (const char* command : {"show", "explain", "confirm", "release"}) {
        const auto out = site.kith({command, "abcdefghijklmnop"});
        CHECK(out.status == 66);
        CHECK(out.err.find("kith: ") == 0);
        CHECK(out.err.find("kith-learner") != std::string::npos);
    }
    CHECK(site.kith({"list"}).status == 66);
}

TEST_CASE("an invalid configuration is 78 for every command that needs one, and names the place") {
    Site site;
    site.dir.write("kith.yaml", "mode: enforce\nstore:\n  directry: /x\n");
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"list"}, {"report"}, {"import", "--mbox", "x"}, {"show", "x"}}) {
        const auto out = site.kith(command);
        CHECK(out.status == 78);
        CHECK(out.err.find("kith.yaml:3:") != std::string::npos);
    }
}

TEST_CASE("status that cannot look says so as a Nagios plugin does: UNKNOWN and 3") {
    Site site;
    site.dir.write("kith.yaml", "mode: enforce\nstore:\n  directry: /x\n");
    const auto out = site.kith({"status"});
    CHECK(out.status == 3);
    CHECK(out.out.starts_with("KITH UNKNOWN - "));
    CHECK(out.out.find("kith.yaml:3:") != std::string::npos);
    CHECK(out.out.find('\n') == out.out.size() - 1);
    CHECK(out.err.find("kith.yaml:3:") != std::string::npos);
    const auto json = site.kith({"status", "--json"});
    CHECK(json.status == 3);
    CHECK(Json::parse(json.out)["error"]["code"] == 78);
    CHECK(site.kith({"status", "--each-tenant"}).status == 3);
    CHECK(site.kith({"status", "--no-such"}).status == 64);
}

TEST_CASE("a missing configuration file is named") {
    const test::TempDir dir;
    const auto out = admin::run_process(
        {kith::test::kith_program(), "--config", dir.file("none.yaml"), "list"}, {});
    REQUIRE(out);
    CHECK(out->status == 78);
    CHECK(out->err.find("none.yaml") != std::string::npos);
}

TEST_CASE("replay leaves out only what there is") {
    Site site;
    const auto out = site.kith({"replay", "--without", "colour", "manifest.jsonl"});
    CHECK(out.status == 64);
    CHECK(out.err.find("there is no feature or group colour") != std::string::npos);
    // A feature, a group and a sum: the next thing missing is the manifest.
    for (const char* name : {"time_zone", "client", "text_asks"})
        CHECK(site.kith({"replay", "--without", name, "/nowhere/manifest.jsonl"}).status == 66);
}

TEST_CASE("a wrong command line is an error like any other") {
    const auto unknown = admin::run_process({kith::test::kith_program(), "lst"}, {});
    REQUIRE(unknown);
    CHECK(unknown->status == 64);
    CHECK(unknown->err ==
          "kith: there is no command lst\nkith: hint: the nearest is list; kith --help\n");
    const auto lacking = admin::run_process({kith::test::kith_program(), "explain"}, {});
    REQUIRE(lacking);
    CHECK(lacking->status == 64);
    CHECK(lacking->err == "kith: ID is required\nkith: hint: kith explain --help\n");
    const auto help = admin::run_process({kith::test::kith_program(), "--help"}, {});
    REQUIRE(help);
    CHECK(help->status == 0);
    CHECK(help->err.empty());
}

TEST_CASE("a wrong command below a command is told as one at the top is, and what else is there") {
    const Site site;
    const auto err = [&](const std::vector<std::string>& arguments) {
        const auto out = site.kith(arguments);
        CHECK(out.status == 64);
        return out.err;
    };
    CHECK(err({"allow", "end", "abcd"}) ==
          "kith: allow: there is no command end\n"
          "kith: hint: there are list, remove; kith allow --help\n");
    CHECK(err({"allow", "lst"}) ==
          "kith: allow: there is no command lst\n"
          "kith: hint: the nearest is list; kith allow --help\n");
    CHECK(err({"allow"}) ==
          "kith: allow: a command is missing\n"
          "kith: hint: there are list, remove; kith allow --help\n");
    CHECK(err({}) == "kith: a command is missing\nkith: hint: kith --help\n");
    CHECK(err({"allow", "--ever"}) ==
          "kith: not understood: --ever\nkith: hint: kith allow --help\n");
}

TEST_CASE("what is not understood is told in the order in which it was typed") {
    const Site site;
    CHECK(site.kith({"list", "--sinc", "3d"}).err ==
          "kith: not understood: --sinc 3d\nkith: hint: kith list --help\n");
    CHECK(site.kith({"allow", "list", "--sinc", "3d"}).err ==
          "kith: not understood: --sinc 3d\nkith: hint: kith allow list --help\n");
}

TEST_CASE("errors are a document with --json") {
    Site site;
    site.seen({held_mail()});
    const auto out = site.kith({"--json", "show", "zzzzzzzz"});
    const Json j = Json::parse(out.out);
    CHECK(j["error"]["code"] == 66);
    CHECK(j["error"]["what"] == "no mail zzzzzzzz in the index");
}

TEST_CASE("a wrong command line is a document with --json, wherever the flag stands") {
    Site site;
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"--json", "show"}, {"--json", "foo"}, {"show", "--json"}}) {
        const auto out = site.kith(command);
        CHECK(out.status == 64);
        const Json j = Json::parse(out.out);
        CHECK(j["error"]["code"] == 64);
        CHECK_FALSE(j["error"]["what"].get<std::string>().empty());
    }
}

TEST_CASE("output that nobody reads any more ends the command without a word") {
    Site site;
    std::vector<MailRecord> mails;
    for (int i = 0; i < 2000; ++i) {
        mails.push_back(held_mail());
        mails.back().id = "mail" + std::to_string(100000 + i);
    }
    site.seen(mails);
    const auto out =
        admin::run_process({"/bin/sh", "-c",
                            "'" + kith::test::kith_program() + "' -c '" +
                                site.dir.file("kith.yaml") + "' list --limit 2000 | head -1"},
                           {});
    REQUIRE(out);
    CHECK(out->err.empty());
    CHECK(out->out.find("ID") == 0);
}

TEST_CASE("a wrong command line is 64 with a word about it") {
    Site site;
    CHECK(site.kith({}).status == 64);
    CHECK(site.kith({"frobnicate"}).status == 64);
    CHECK(site.kith({"list", "--held", "--all"}).status == 64);
    CHECK(site.kith({"list", "--limit", "0"}).status == 64);
    CHECK(site.kith({"import"}).status == 64);
    CHECK(site.kith({"profile"}).status == 64);
    site.seen({held_mail()});
    CHECK(site.kith({"list", "--since", "yesterday"}).status == 64);
    CHECK(site.kith({"--help"}).status == 0);
    CHECK(site.kith({"--version"}).out.find("kith ") == 0);
}

TEST_CASE("check-config shows every problem at its place, or what is in effect") {
    Site site;
    const auto good = site.kith({"check-config"});
    CHECK(good.status == 0);
    CHECK(good.out.find(": ok (1 file, ") != std::string::npos);
    CHECK(site.kith({"check-config", "--print", "non-default"}).out.find("mode: enforce\n") == 0);
    CHECK(site.kith({"check-config", "--print", "effective"}).out.find("daily_cap: 3") !=
          std::string::npos);

    const std::string bad = site.dir.write("bad.yaml", "mode: loud\nmilter:\n  deadlin: 5s\n");
    const auto out = site.kith({"check-config", bad});
    CHECK(out.status == 78);
    CHECK(out.out.find(bad + ":1:7: mode: ") == 0);
    CHECK(out.out.find(bad + ":3:3: milter.deadlin: ") != std::string::npos);
    CHECK(out.out.find("2 problems; not usable\n") != std::string::npos);
    const Json j = Json::parse(site.kith({"check-config", bad, "--json"}).out);
    CHECK(j["ok"] == false);
    CHECK(j["problems"][1]["line"] == 3);
    CHECK(j["problems"][1]["path"] == "milter.deadlin");
}

TEST_CASE("check-config tells of secrets that are named and cannot be read") {
    Site site;
    const std::string missing = site.dir.file("no-such-token");
    site.configure("accounts: {token_file: " + missing + "}\n");
    const auto checked = site.kith({"check-config"});
    CHECK(checked.status == 0);
    CHECK(checked.out.find("accounts.token_file: " + missing + ": No such file") == 0);
    const Json j = Json::parse(site.kith({"check-config", "--json"}).out);
    REQUIRE(j["secret_problems"].size() == 1);
    site.configure("accounts: {token_file: " + site.dir.write("token", "secret\n") + "}\n");
    CHECK(site.kith({"check-config"}).out.find("token_file") == std::string::npos);
}

TEST_CASE("check-config and doctor tell of each database of addresses whether it can be used") {
    Site site;
    const std::string sound = site.dir.write("city.mmdb", kith::test::city_database());
    const std::string damaged = site.dir.write("asn.mmdb", "no database");
    site.configure("accounts: {mmdb: [" + sound + ", " + damaged + "]}\n");
    const auto checked = site.kith({"check-config"});
    CHECK(checked.status == 0);
    CHECK(checked.out.find("accounts.mmdb: not in use: the database of addresses " + damaged +
                           " is damaged or of another format") == 0);
    CHECK(Json::parse(site.kith({"check-config", "--json"}).out)["mmdb_problems"].size() == 1);
    std::vector<std::string> told;
    const Json doctor = Json::parse(site.kith({"doctor", "--json"}).out);
    for (const Json& check : doctor["checks"])
        if (check["name"] == "accounts.mmdb")
            told.push_back(check["state"].get<std::string>() + " " +
                           check["text"].get<std::string>());
    REQUIRE(told.size() == 2);
    CHECK(told[0] == "ok " + sound + " is Example-City of 2026-01-05");
    CHECK(told[1].find("warn the database of addresses " + damaged) == 0);
}

TEST_CASE("CFG-15: status is critical while nothing runs, and says what") {
    Site site;
    const auto out = site.kith({"status"});
    CHECK(out.status == 2);
    CHECK(out.out.find("KITH CRITICAL - kith-learner is not running") == 0);
    CHECK(out.out.find("CRITICAL: kith-milter does not answer: ") != std::string::npos);
}

TEST_CASE("STORE-09: status sees a running learner by its lock, and a lag by the journal") {
    Site site;
    site.seen({held_mail()});
    const int fd = ::open(site.dir.file("store/writer.lock").c_str(), O_RDWR);
    REQUIRE(fd >= 0);
    REQUIRE(::flock(fd, LOCK_EX | LOCK_NB) == 0);
    const Json j = Json::parse(site.kith({"status", "--json"}).out);
    ::close(fd);
    CHECK(j["learner"]["running"] == true);
    CHECK(j["milter"]["reachable"] == false);
    CHECK(j["state"] == "critical");
    // The record was written in March 2026 and no checkpoint was moved.
    CHECK(j["learner"]["lag_seconds"].get<long>() > 3600);
    CHECK(j["on_hold"]["mails"] == 1);
    CHECK(j["store"]["map_bytes"].get<long>() == 64L << 20);
}

TEST_CASE("status counts the last day's and week's mail beside what is promised") {
    Site site;
    const Time now = SystemClock().now();
    std::vector<MailRecord> mails;
    const auto add = [&](const char* id, long hours, Verdict verdict, Action action) {
        MailRecord r = passed_mail();
        r.id = id;
        r.time = now - Seconds(hours * 3600);
        r.assessment.verdict = verdict;
        r.action = action;
        mails.push_back(r);
    };
    add("aaaa1", 1, Verdict::Pass, Action::Accepted);
    add("aaaa2", 2, Verdict::Tag, Action::Accepted);
    add("aaaa3", 3, Verdict::Quarantine, Action::Accepted);  // in mode passive or tag
    add("aaaa4", 4, Verdict::Defer, Action::Deferred);       // comes again
    add("aaaa5", 30, Verdict::Quarantine, Action::Held);
    add("aaaa6", 200, Verdict::Quarantine, Action::Held);
    mails.push_back(passed_mail());
    mails.back().time = now - Seconds(60);
    mails.back().imported = true;
    site.seen(mails);
    const std::string text = site.kith({"status"}).out;
    INFO(text);
    CHECK(text.find("last day   3 mails, 1 tagged (333 in 1000, promised 10), 1 held or would be "
                    "(333, promised 1)\n") != std::string::npos);
    CHECK(text.find("last week  4 mails, 1 tagged (250 in 1000, promised 10), 2 held or would be "
                    "(500, promised 1)\n") != std::string::npos);
    const Json j = Json::parse(site.kith({"status", "--json"}).out);
    CHECK(j["last_day"] == Json({{"mails", 3},
                                 {"tagged", 1},
                                 {"holds", 1},
                                 {"tagged_per_1000", 333.333},
                                 {"holds_per_1000", 333.333}}));
    CHECK(j["last_week"]["holds"] == 2);
    CHECK(j["promised"]["holds_per_1000"] == 1.0);
}

TEST_CASE("status and check-config tell the modes of parts of the mail") {
    Site site;
    site.configure("mode: passive\nmodes: {inbound: tag, inbound example.org: enforce}\n");
    const auto checked = site.kith({"check-config"});
    CHECK(checked.status == 0);
    CHECK(checked.out.find(", mode passive, but tag for inbound, enforce for inbound "
                           "example.org\n") != std::string::npos);
    const Json j = Json::parse(site.kith({"status", "--json"}).out);
    CHECK(j["mode"] == "passive");
    CHECK(j["modes"] == Json({{"inbound", "tag"}, {"inbound example.org", "enforce"}}));
}

TEST_CASE("status is critical when the audit log was changed") {
    Site site;
    site.seen({held_mail()});
    REQUIRE(site.kith({"confirm", "abcdefghijklmnop", "--reason", "phish"}).status == 0);
    CHECK(site.kith({"status"}).out.find("is not as kith wrote it") == std::string::npos);
    std::string log = site.dir.read("audit.log");
    log.replace(log.find("phish"), 5, "other");
    site.dir.write("audit.log", log);
    const auto out = site.kith({"status"});
    CHECK(out.status == 2);
    CHECK(out.out.find(site.dir.file("audit.log") + " is not as kith wrote it: line 1: ") !=
          std::string::npos);
    CHECK(out.out.find("see kith audit verify") != std::string::npos);
}

TEST_CASE("status and doctor tell that the milter goes by other settings than the files") {
    Site site;
    site.seen({held_mail()});
    const test::UnixListener milter(site.dir.file("kith.sock"));
    const auto status = [&] { return site.kith({"status"}).out; };
    const auto doctor = [&] {
        const Json j = Json::parse(site.kith({"--json", "doctor"}).out);
        for (const Json& check : j["checks"])
            if (check["name"] == "reload") return check["state"].get<std::string>();
        return std::string("none");
    };
    CHECK(status().find("goes by") == std::string::npos);
    const auto in_use = load_config_or_error(site.dir.file("kith.yaml"));
    REQUIRE(in_use);
    REQUIRE(write_in_use(**in_use));
    CHECK(status().find("goes by") == std::string::npos);
    CHECK(doctor() == "ok");
    site.configure("mode: passive\n");
    CHECK(status().find(", mode enforce; the files say passive; systemctl reload kith-milter") !=
          std::string::npos);
    CHECK(doctor() == "warn");
    site.configure("mode: enforce\nbudget: {holds_per_1000: 2}\n");
    CHECK(status().find(", the files have changed since; systemctl reload kith-milter") !=
          std::string::npos);
    site.configure("mode: enforce\n");
    site.dir.write("models.d/mine.yaml", "when: ready\naction: tag\n");
    CHECK(status().find(", the files have changed since; systemctl reload kith-milter") !=
          std::string::npos);
    std::filesystem::remove(site.dir.path() / "models.d/mine.yaml");
    CHECK(status().find("goes by") == std::string::npos);
    REQUIRE(write_in_use(**in_use, "milter.workers"));
    CHECK(status().find("these keys wait for a restart: milter.workers; systemctl restart ") !=
          std::string::npos);
}

TEST_CASE("a site that should hold mail and has no model that holds is told so") {
    Site site;
    site.seen({held_mail()});
    const auto doctor = [&] { return site.kith({"doctor"}).out; };
    CHECK(site.kith({"status"}).out.find("no live model holds mail") == std::string::npos);
    site.dir.write("models.d/off.yaml", "override: budget-hold\nenabled: false\n");
    CHECK(site.kith({"status"}).out.find("no live model holds mail") != std::string::npos);
    CHECK(doctor().find("no live model holds mail") != std::string::npos);
    site.configure("mode: tag\n");
    CHECK(site.kith({"status"}).out.find("no live model holds mail") == std::string::npos);
    site.dir.write("models.d/off.yaml", "override: budget-hold\nenabled: flase\n");
    CHECK(doctor().find("models.d/off.yaml:2:") != std::string::npos);
}

TEST_CASE("a lost secret makes status critical and fails a check of doctor") {
    Site site;
    site.seen({held_mail()});
    std::filesystem::remove(site.dir.file("site.key"));
    const std::string gone = "the site's secret " + site.dir.file("site.key") + " is gone";
    const auto status = site.kith({"status"});
    CHECK(status.status == 2);
    CHECK(status.out.find("CRITICAL: " + gone) != std::string::npos);
    const Json doctor = Json::parse(site.kith({"doctor", "--json"}).out);
    std::string state, text, todo;
    for (const Json& check : doctor["checks"]) {
        if (check["name"] != "store.secret") continue;
        state = check["state"];
        text = check["text"];
        todo = check["todo"];
    }
    CHECK(state == "fail");
    CHECK(text.find(gone) == 0);
    CHECK(todo.find("from the backup") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(site.dir.file("site.key")));
}

TEST_CASE("a missing journal or spool directory is told by status and doctor") {
    Site site;
    site.seen({held_mail()});
    std::filesystem::remove_all(site.dir.path() / "journal");
    std::filesystem::remove_all(site.dir.path() / "spool");
    const Json status = Json::parse(site.kith({"status", "--json"}).out);
    const std::string not_recorded = status["milter"]["not_recorded"];
    CHECK(not_recorded.find("kith-milter cannot record mail: journal " +
                            site.dir.file("journal")) == 0);
    const auto text = site.kith({"status"});
    CHECK(text.out.find("WARNING: large mail is judged by its beginning: spool " +
                        site.dir.file("spool")) != std::string::npos);
    const Json doctor = Json::parse(site.kith({"doctor", "--json"}).out);
    std::map<std::string, std::string> found;
    for (const Json& check : doctor["checks"]) found[check["name"]] = check["state"];
    CHECK(found["journal.recording"] == "fail");
    CHECK(found["spool"] == "fail");
}

TEST_CASE("a damaged journal is told by status and doctor, with the file") {
    Site site;
    site.seen({held_mail(), passed_mail()});
    const std::string segment = site.dir.file("journal/0000000001.kj");
    {
        std::fstream file(segment, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(100);
        file << "damage";
    }
    const auto status = site.kith({"status"});
    CHECK(status.out.find("WARNING: the journal is damaged in " + segment) != std::string::npos);
    const auto doctor = site.kith({"doctor"});
    CHECK(doctor.out.find("in the journal, last in " + segment) != std::string::npos);
}

TEST_CASE("a bad line of a replay's manifest is named in plain words") {
    Site site;
    const auto [line, expected] = GENERATE(table<std::string, std::string>({
        {"{\"id\": ", "not a JSON object"},
        {"[1]", "not a JSON object"},
        {R"({"id": "a", "file": "x"})", "time is missing"},
        {R"({"id": 1, "time": 2, "file": "x"})", "id is of the wrong type"},
        {R"({"id": "a", "time": 2, "file": "x", "rcpts": "y"})", "rcpts is of the wrong type"},
    }));
    const std::string manifest = site.dir.write("manifest", line + "\n");
    const auto out = site.kith({"replay", manifest});
    CHECK(out.status == 66);
    CHECK(out.err.find("kith: " + manifest + ":1: " + expected + "\n") == 0);
}

TEST_CASE("profile show knows nothing about a stranger, nor about a login that nobody used") {
    Site site;
    site.write_secret();
    site.seen({held_mail()});
    CHECK(site.kith({"profile", "show", "nobody@stranger.example"}).status == 66);
    CHECK(site.kith({"profile", "show", "nobody"}).status == 66);
}

TEST_CASE("a user without the right to read the store is told so: 77") {
    if (::geteuid() != 0) {
        WARN("needs root to become somebody else");
        SUCCEED();
        return;
    }
    Site site;
    site.seen({held_mail()});
    ::chmod(site.dir.path().c_str(), 0755);
    ::chmod(site.dir.file("store").c_str(), 0700);
    // Through the directories of a build that this user cannot enter, the program is not found:
    // copy it.
    std::filesystem::copy_file(kith::test::kith_program(), site.dir.path() / "kith");
    const auto as_nobody = [&](const std::string& command) {
        auto out = admin::run_process(
            {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             site.dir.file("kith"), "--config", site.dir.file("kith.yaml"), command},
            {});
        if (!out) FAIL(out.error().text());
        return *out;
    };
    const std::string advice = "run it as root, or to look only as a member of the group _kith";
    for (const char* command : {"list", "status"}) {
        const auto out = as_nobody(command);
        const bool plugin = std::string_view(command) == "status";
        CHECK(out.status == (plugin ? 3 : 77));
        CHECK(out.out.starts_with(plugin ? "KITH UNKNOWN - " : ""));
        CHECK(out.out.empty() != plugin);
        CHECK(out.err.find("ermission") != std::string::npos);
        CHECK(out.err.find("kith: hint: " + advice) != std::string::npos);
    }
    const auto doctor = as_nobody("doctor");
    CHECK(doctor.out.find(advice) != std::string::npos);
    CHECK(doctor.out.find("kith-learner is not running") == std::string::npos);
}
