// SPDX-License-Identifier: Apache-2.0
// `kith import` with the built program: what reaches the journal, in which order, and only once.
#include <nlohmann/json.hpp>

#include <set>

#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;
using Json = nlohmann::json;

namespace {

std::string inbound(int n, const std::string& time) {
    return "Return-Path: <anna@supplier.example>\nDelivered-To: bert@example.org\n"
           "Received: from out.supplier.example (out.supplier.example [192.0.2.7])\n\tby "
           "mx.example.org with ESMTPS id " +
           std::to_string(n) + ";\n\tSun, 1 Mar 2026 " + time +
           " +0000\nFrom: Anna <anna@supplier.example>\nTo: bert@example.org\n"
           "Message-ID: <" +
           std::to_string(n) + "@supplier.example>\nSubject: order " + std::to_string(n) +
           "\n\nHello, mail " + std::to_string(n) + " is here.\n";
}

std::string outbound() {
    return "From: Bert <bert@example.org>\nTo: anna@supplier.example\nDate: Sun, 1 Mar 2026 "
           "12:05:00 +0000\n"
           "Message-ID: <a@example.org>\nSubject: Re: order\n\nThank you.\n";
}

std::string box(const std::vector<std::string>& mails) {
    std::string out;
    for (const std::string& m : mails)
        out += "From x@y.example Mon Mar  2 12:00:00 2026\n" + m + "\n";
    return out;
}

std::vector<MailRecord> imported(const Site& site) {
    std::vector<MailRecord> out;
    for (const JournalRecord& r : site.records(RecordType::Mail))
        out.push_back(decode_mail_record(r.payload).value());
    return out;
}

}  // namespace

TEST_CASE("an mbox reaches the journal in order of time, with envelope and direction") {
    Site site;
    site.write_secret();
    const std::string file =
        site.dir.write("box", box({inbound(2, "12:10:00"), inbound(1, "12:00:00"), outbound()}));
    const auto out = site.kith({"import", "--mbox", file});
    CHECK(out.status == 0);
    CHECK(out.out ==
          "3 mails found, 3 imported, 0 known already, 0 unreadable\n"
          "2 inbound, 1 outbound, 0 internal; from 2026-03-01T12:00:00Z to 2026-03-01T12:10:00Z\n"
          "kith-learner learns from them when it runs; see kith status\n");
    const auto mails = imported(site);
    REQUIRE(mails.size() == 3);
    CHECK(mails[0].message_id == "1@supplier.example");
    CHECK(mails[1].message_id == "a@example.org");
    CHECK(mails[2].message_id == "2@supplier.example");
    CHECK(mails[0].imported);
    CHECK(mails[0].client_addr == "192.0.2.7");
    CHECK(mails[0].mail_from == "anna@supplier.example");
    CHECK(mails[0].rcpts == std::vector<std::string>{"bert@example.org"});
    CHECK(mails[0].observations.direction == Direction::Inbound);
    CHECK(mails[1].observations.direction == Direction::Outbound);
    CHECK(mails[0].action == Action::Accepted);
}

TEST_CASE("importing the same mail again adds nothing, from a Maildir as well") {
    Site site;
    site.write_secret();
    const std::string file =
        site.dir.write("box", box({inbound(1, "12:00:00"), inbound(2, "12:10:00")}));
    REQUIRE(site.kith({"import", "--mbox", file}).status == 0);
    const Json again = Json::parse(site.kith({"import", "--json", "--mbox", file}).out);
    CHECK(again["imported"] == 0);
    CHECK(again["known"] == 2);

    site.dir.write("Maildir/cur/1", inbound(1, "12:00:00"));
    site.dir.write("Maildir/new/3", inbound(3, "12:20:00"));
    const Json maildir =
        Json::parse(site.kith({"import", "--json", "--maildir", site.dir.file("Maildir")}).out);
    CHECK(maildir["found"] == 2);
    CHECK(maildir["imported"] == 1);
    CHECK(maildir["known"] == 1);
    CHECK(imported(site).size() == 3);
}

TEST_CASE("without its ledger an import still adds nothing twice: the journal knows") {
    Site site;
    site.write_secret();
    const std::string file =
        site.dir.write("box", box({inbound(1, "12:00:00"), inbound(2, "12:10:00")}));
    REQUIRE(site.kith({"import", "--mbox", file}).status == 0);
    std::filesystem::remove(site.dir.path() / "import.ledger");
    CHECK(Json::parse(site.kith({"import", "--json", "--mbox", file}).out)["imported"] == 0);
    CHECK(imported(site).size() == 2);
}

TEST_CASE("mail that kith saw live is not imported") {
    Site site;
    site.write_secret();
    MailRecord live = test::held_mail();
    live.time = from_unix(1772366400);
    live.observations.message_id =
        Hasher({'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'})
            .hash64("mid", "1@supplier.example");
    site.seen({live});
    const std::string file =
        site.dir.write("box", box({inbound(1, "12:00:00"), inbound(2, "12:10:00")}));
    const Json j = Json::parse(site.kith({"import", "--json", "--mbox", file}).out);
    CHECK(j["known"] == 1);
    CHECK(j["imported"] == 1);
}

TEST_CASE("a dry run only counts") {
    Site site;
    site.write_secret();
    const std::string file = site.dir.write("box", box({inbound(1, "12:00:00")}));
    const auto out = site.kith({"import", "--dry-run", "--mbox", file});
    CHECK(out.out.find("1 mail found, 1 would be imported") == 0);
    CHECK(site.records(RecordType::Mail).empty());
    CHECK(Json::parse(site.kith({"import", "--json", "--mbox", file}).out)["imported"] == 1);
}

TEST_CASE("a dry run makes no file, not even the secret, and does not say that it imports") {
    Site site;
    std::filesystem::remove_all(site.dir.path() / "journal");
    std::vector<std::string> mails;
    for (int i = 0; i < 1000; ++i) mails.push_back(inbound(i, "12:00:00"));
    const std::string file = site.dir.write("box", box(mails));
    const auto out = site.kith({"import", "--dry-run", "--mbox", file});
    CHECK(out.status == 0);
    CHECK(out.out.find("1000 mails found, 1000 would be imported") == 0);
    CHECK(out.err.find("importing") == std::string::npos);
    for (const char* name : {"site.key", "import.ledger", "import.ledger.lock", "journal"})
        CHECK_FALSE(std::filesystem::exists(site.dir.file(name)));
}

TEST_CASE("an import beside a store whose secret is lost is refused, dry or not") {
    Site site;
    site.seen({test::passed_mail()});
    std::filesystem::remove(site.dir.file("site.key"));
    const std::string file = site.dir.write("box", box({inbound(1, "12:00:00")}));
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"import", "--mbox", file},
          {"import", "--dry-run", "--mbox", file}}) {
        const auto out = site.kith(command);
        CHECK(out.status == 78);
        CHECK(out.err.find("site.key is gone") != std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(site.dir.file("site.key")));
}

TEST_CASE("an import that is stopped says how far it came, and goes on from there") {
    Site site;
    site.write_secret();
    std::vector<std::string> mails;
    for (int i = 0; i < 4000; ++i) mails.push_back(inbound(i, "12:00:00"));
    const std::string file = site.dir.write("box", box(mails));
    // The signal comes when the first line of the second pass is there.
    const std::string script = "mkfifo '" + site.dir.file("err") + "'; '" +
                               kith::test::kith_program() + "' -c '" + site.dir.file("kith.yaml") +
                               "' import --mbox '" + file + "' 2>'" + site.dir.file("err") +
                               "' & exec 3<'" + site.dir.file("err") +
                               "'; while read -r line <&3; do echo \"$line\"; case \"$line\" in "
                               "importing*) kill -TERM $!; break;; esac; done; cat <&3; wait $!";
    const auto out = admin::run_process({"/bin/sh", "-c", script}, {});
    REQUIRE(out);
    CHECK(out->status == 75);
    CHECK(out->out.find("kith: import: stopped by a signal after ") != std::string::npos);
    CHECK(out->out.find(" mails of 4000\nkith: hint: start the same import again, it goes on from "
                        "there\n") != std::string::npos);
    CHECK(site.kith({"import", "--mbox", file}).status == 0);
    CHECK(imported(site).size() == 4000);
}

TEST_CASE("an import without own domains asks for them, and a missing source is named") {
    Site site;
    site.write_secret();
    CHECK(site.kith({"import", "--mbox", site.dir.file("none")}).status == 66);
    CHECK(site.kith({"import", "--maildir", site.dir.file("none")}).status == 66);
    const std::string file = site.dir.write("box", box({inbound(1, "12:00:00")}));
    site.dir.write("kith.yaml", "secret_file: " + site.dir.file("site.key") +
                                    "\njournal:\n  directory: " + site.dir.file("journal") + "\n");
    const auto out = site.kith({"import", "--mbox", file});
    CHECK(out.status == 78);
    CHECK(out.err.find("site.domains") != std::string::npos);
}

TEST_CASE("killed at any moment, again and again, an import loses nothing and adds nothing twice") {
    Site site;
    site.write_secret();
    std::vector<std::string> mails;
    for (int i = 0; i < 600; ++i) mails.push_back(inbound(i, "12:00:00"));
    const std::string file = site.dir.write("box", box(mails));
    std::size_t before = 0;
    for (const char* after : {"0.02", "0.04", "0.06", "0.08", "0.12", "0.16", "0.2"}) {
        CAPTURE(after);
        REQUIRE(
            admin::run_process({"/usr/bin/timeout", "-s", "KILL", after, kith::test::kith_program(),
                                "--config", site.dir.file("kith.yaml"), "import", "--mbox", file},
                               {}));
        const std::size_t now = imported(site).size();
        CHECK(now >= before);
        before = now;
    }
    CHECK(site.kith({"import", "--mbox", file}).status == 0);
    std::set<std::string> ids;
    for (const MailRecord& r : imported(site)) ids.insert(r.message_id);
    CHECK(imported(site).size() == 600);
    CHECK(ids.size() == 600);
}
