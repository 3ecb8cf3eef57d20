// SPDX-License-Identifier: Apache-2.0
// `kith release` against stand-ins for Postfix's commands that note how they are called. tests/e2e
// has the real ones.
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/features/feature_id.hpp"
#include "engine/learner/incident.hpp"
#include "engine/profile/allowance.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;

namespace {

// Postfix's commands, with `queue` as what postqueue -j prints.
struct FakePostfix {
    explicit FakePostfix(const std::string& queue, const std::string& host = "mx.example.org") {
        dir.write("queue.json", queue);
        script("postconf", "echo " + host);
        script("postqueue", "case \"$*\" in *-j*) cat " + dir.file("queue.json") + ";; esac");
        script("postsuper", "");
    }
    void script(const std::string& name, const std::string& body) const {
        dir.write(name, "#!/bin/sh\necho " + name + " \"$@\" >> " + dir.file("calls") + "\n" +
                            body + "\n");
        ::chmod(dir.file(name).c_str(), 0755);
    }
    [[nodiscard]] std::string calls() const {
        return std::filesystem::exists(dir.file("calls")) ? dir.read("calls") : std::string();
    }
    test::TempDir dir;
};

const std::string kOnHold = R"({"queue_name": "hold", "queue_id": "4Q1XYZ2abc", "recipients": []})"
                            "\n";

bool root() {
    if (::geteuid() == 0) return true;
    WARN("needs root: release refuses others");
    SUCCEED();
    return false;
}

}  // namespace

TEST_CASE("a held mail is recorded as released, taken off hold and its delivery is started") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    const FakePostfix postfix(kOnHold);
    const auto out =
        site.kith({"release", "4Q1XYZ2abc", "--learn", "--why", "known form", "--postfix-bin",
                   postfix.dir.str(), "--postfix-config", "/etc/postfix-x"});
    CHECK(out.err.empty());
    CHECK(out.status == 0);
    CHECK(out.out ==
          "released abcdefghijklmnop: 4Q1XYZ2abc was on hold, Postfix delivers it now\n"
          "the learner takes it as normal from now on\n");
    CHECK(postfix.calls() ==
          "postconf -c /etc/postfix-x -x -h myhostname\n"
          "postqueue -c /etc/postfix-x -j\n"
          "postsuper -c /etc/postfix-x -H 4Q1XYZ2abc\n"
          "postqueue -c /etc/postfix-x -i 4Q1XYZ2abc\n");
    const auto records = site.records(RecordType::Release);
    REQUIRE(records.size() == 1);
    const AdminRecord record = decode_admin_record(records[0].payload).value();
    CHECK(record.id == "abcdefghijklmnop");
    CHECK(record.learn);
    CHECK(record.why == "known form");
}

TEST_CASE("that Postfix is not running is told, not what to try by hand") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    const FakePostfix postfix(kOnHold);
    const auto released = [&] {
        return site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()});
    };
    SECTION("when the queue is looked at") {
        postfix.script("postqueue",
                       "echo 'postqueue: fatal: Queue report unavailable - mail system is down: "
                       "Connection refused' >&2; exit 69");
        const auto out = released();
        CHECK(out.status == 69);
        CHECK(out.err.find("kith: hint: Postfix is not running: systemctl start postfix\n") !=
              std::string::npos);
        CHECK(site.records(RecordType::Release).empty());
    }
    SECTION("when delivery is to be started") {
        postfix.script("postqueue",
                       "case \"$*\" in *-j*) cat " + postfix.dir.file("queue.json") +
                           ";; *) echo 'postqueue: warning: connect to public/flush: No "
                           "such file or directory' >&2; echo 'postqueue: fatal: "
                           "Cannot flush mail queue - mail system is down' >&2; exit "
                           "69;; esac");
        const auto out = released();
        CHECK(out.status == 69);
        CHECK(out.err.find("is recorded, but Postfix did not follow: postqueue -i 4Q1XYZ2abc: "
                           "status 69: postqueue: fatal: Cannot flush mail queue - mail system is "
                           "down\n") != std::string::npos);
        CHECK(out.err.find("hint: Postfix is not running: systemctl start postfix\n") !=
              std::string::npos);
        CHECK(out.err.find("try by hand") == std::string::npos);
    }
    SECTION("of an instance with its own configuration") {
        postfix.script("postqueue", "echo 'Mail system is down' >&2; exit 69");
        const auto out = site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str(),
                                    "--postfix-config", "/etc/postfix-x"});
        CHECK(out.err.find("Postfix is not running: postfix -c /etc/postfix-x start\n") !=
              std::string::npos);
    }
}

TEST_CASE("a mail that is not on hold is not released, and nothing is recorded") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    SECTION("in another queue") {
        const FakePostfix postfix(R"({"queue_name": "deferred", "queue_id": "4Q1XYZ2abc"})");
        const auto out =
            site.kith({"release", "abcdefghijklmnop", "--postfix-bin", postfix.dir.str()});
        CHECK(out.status == 66);
        CHECK(out.err.find("is not on hold but deferred") != std::string::npos);
        CHECK(postfix.calls().find("postsuper") == std::string::npos);
    }
    SECTION("gone") {
        const FakePostfix postfix("");
        const auto out =
            site.kith({"release", "abcdefghijklmnop", "--postfix-bin", postfix.dir.str()});
        CHECK(out.status == 66);
        CHECK(out.err.find("not in the queue any more") != std::string::npos);
        CHECK(out.err.find("--no-mta") != std::string::npos);
    }
    SECTION("on another host") {
        const FakePostfix postfix(kOnHold, "mx2.example.org");
        const auto out =
            site.kith({"release", "abcdefghijklmnop", "--postfix-bin", postfix.dir.str()});
        CHECK(out.status == 69);
        CHECK(out.err.find("in the queue of mx.example.org, this is mx2.example.org") !=
              std::string::npos);
    }
    CHECK(site.records(RecordType::Release).empty());
}

TEST_CASE("a mail that was never held is not released, and that is said") {
    if (!root()) return;
    Site site;
    site.seen({test::passed_mail()});
    const FakePostfix postfix("");
    const auto out = site.kith({"release", "bcdefghijklmnopq", "--postfix-bin", postfix.dir.str()});
    CHECK(out.status == 66);
    CHECK(out.err.find("mail bcdefghijklmnopq was never held: it was accepted on "
                       "2026-03-01T12:35:56Z") != std::string::npos);
    CHECK(site.records(RecordType::Release).empty());
    const auto recorded = site.kith({"release", "bcdefghijklmnopq", "--no-mta"});
    CHECK(recorded.status == 0);
    CHECK(recorded.out ==
          "bcdefghijklmnopq was never held, it was accepted: recorded that it was good\n");
}

TEST_CASE("what is allowed is listed in words, and for programs by the features' names") {
    const Site site;
    Allowance a;
    a.id = "abcdefghijklmnop";
    a.rcpts = {Key16{{2}}};
    a.rcpt_names = {"bert@example.org"};
    a.from = "anna@supplier.example";
    a.who = "root";
    a.granted = from_unix(1772368496);
    a.expires = SystemClock().now() + Seconds(86400);
    for (const FeatureId f : {FeatureId::link_tenant, FeatureId::ask_count, FeatureId::header_order,
                              FeatureId::pair_history, FeatureId::ask_shared})
        a.features.push_back(static_cast<std::uint16_t>(index_of(f)));
    Allowances all;
    all.items = {a};
    site.seen({test::held_mail()});
    {
        auto opened = Store::open(site.store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        REQUIRE((*txn)->put(Table::Messages, allowances_key(Key16{{1}}), encode(all)));
        REQUIRE((*txn)->commit());
    }
    CHECK(site.kith({"allow", "list"})
              .out.find("what links to a new page owner; asks for many things at once; orders the "
                        "header fields unlike before; wrote seldom or never to these recipients; "
                        "asks the reader to fetch something shared\n") != std::string::npos);
    using Json = nlohmann::json;
    CHECK(Json::parse(site.kith({"allow", "list", "--json"}).out)["allowances"][0]["features"] ==
          Json({"link_tenant", "ask_count", "header_order", "pair_history", "ask_shared"}));
}

TEST_CASE("no feature is listed as allowed without words, or with a gap in them") {
    const Site site;
    Allowances all;
    all.items.resize(1);
    Allowance& a = all.items.front();
    a.id = "abcdefghijklmnop";
    a.expires = SystemClock().now() + Seconds(86400);
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        a.features.push_back(static_cast<std::uint16_t>(f));
    site.seen({test::held_mail()});
    site.keep(allowances_key(Key16{{1}}), encode(all));
    const std::string out = site.kith({"allow", "list"}).out;
    REQUIRE(out.find("what ") != std::string::npos);
    for (const char* gap : {"\u2026", "%", "; ;", ";  ", "|", "-\n"})
        CHECK(out.find(gap, out.find("what ")) == std::string::npos);
}

TEST_CASE("a release with --allow says until when, and tells the learner") {
    Site site;
    site.seen({test::held_mail(), test::passed_mail()});
    const auto out = site.kith({"release", "abcdefghijklmnop", "--no-mta", "--allow", "30d",
                                "--reason", "their new portal"});
    CHECK(out.status == 0);
    CHECK(out.out.find("is no surprise between its sender and its recipients until ") !=
          std::string::npos);
    const auto records = site.records(RecordType::Release);
    REQUIRE(records.size() == 1);
    const AdminRecord record = decode_admin_record(records[0].payload).value();
    CHECK(record.until == records[0].time + Seconds(30 * 86400));
    CHECK(record.why == "their new portal");
    // Without reasons there is nothing to allow, and nonsense is none.
    CHECK(site.kith({"release", "bcdefghijklmnopq", "--no-mta", "--allow", "30d"}).status == 66);
    for (const char* span : {"30", "0s", "5s", "100w", "ever"})
        CHECK(site.kith({"release", "abcdefghijklmnop", "--no-mta", "--allow", span}).status == 64);
    CHECK(site.records(RecordType::Release).size() == 1);
}

TEST_CASE("every release is in the audit log before anything is done") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    const FakePostfix postfix(kOnHold);
    site.dir.write("audit.log", "not a log\n");
    const auto refused = site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()});
    CHECK(refused.status == 74);
    CHECK(postfix.calls().find("postsuper") == std::string::npos);
    CHECK(site.records(RecordType::Release).empty());
    std::filesystem::remove(site.dir.path() / "audit.log");
    CHECK(site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()}).status == 0);
    CHECK(site.kith({"audit", "list"}).out.find("release") != std::string::npos);
}

TEST_CASE("a mail on hold of which kith has no record is released all the same, and that is said") {
    if (!root()) return;
    Site site;
    site.seen({test::passed_mail()});
    const FakePostfix postfix(kOnHold);
    const auto out = site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()});
    CHECK(out.status == 0);
    CHECK(out.out ==
          "released 4Q1XYZ2abc: it was on hold, Postfix delivers it now\n"
          "kith has no record of it: nothing was recorded, and nothing is learned\n");
    CHECK(postfix.calls() ==
          "postqueue -j\n"
          "postsuper -H 4Q1XYZ2abc\n"
          "postqueue -i 4Q1XYZ2abc\n");
    CHECK(site.records(RecordType::Release).empty());
    // What is on hold under no such id stays unknown.
    CHECK(site.kith({"release", "4Q1XYZ9abc", "--postfix-bin", postfix.dir.str()}).status == 66);
}

TEST_CASE("a mail that was confirmed as bad is released only by force") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    site.mark("abcdefghijklmnop", MailState::Confirmed);
    const FakePostfix postfix(kOnHold);
    const auto refused = site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()});
    CHECK(refused.status == 64);
    CHECK(refused.err.find("was confirmed as bad on ") != std::string::npos);
    CHECK(refused.err.find("kith release abcdefghijklmnop --force") != std::string::npos);
    CHECK(postfix.calls().empty());
    CHECK(site.records(RecordType::Release).empty());
    CHECK(site.kith({"release", "4Q1XYZ2abc", "--force", "--postfix-bin", postfix.dir.str()})
              .status == 0);
    CHECK(site.records(RecordType::Release).size() == 1);
}

TEST_CASE(
    "a mail that was confirmed a moment ago is not released, though the learner lags behind") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    REQUIRE(site.kith({"confirm", "abcdefghijklmnop"}).status == 0);
    const FakePostfix postfix(kOnHold);
    const auto refused = site.kith({"release", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()});
    CHECK(refused.status == 64);
    CHECK(refused.err.find("was confirmed as bad on ") != std::string::npos);
    CHECK(postfix.calls().empty());
}

TEST_CASE("a mail of an incident with a confirmed mail is released only by force") {
    if (!root()) return;
    Site site;
    MailRecord other = test::held_mail();
    other.id = "bcdefghijklmnopq";
    other.queue_id = "4Q1XYZ2abd";
    site.seen({test::held_mail(), other});
    Incident incident;
    incident.id = other.id;
    incident.from = other.from;
    incident.opened = incident.last_held = other.time;
    for (const MailRecord& r : {test::held_mail(), other})
        incident.mails.push_back({r.id, r.time, 4});
    site.keep(incident_key(Key16{{1}}), encode(incident));
    REQUIRE(site.kith({"confirm", other.id}).status == 0);
    const FakePostfix postfix(kOnHold);
    const auto refused =
        site.kith({"release", "4Q1XYZ2abc", "--learn", "--postfix-bin", postfix.dir.str()});
    CHECK(refused.status == 64);
    CHECK(refused.err.find("mail abcdefghijklmnop belongs to an incident of which "
                           "bcdefghijklmnopq was confirmed as bad") != std::string::npos);
    CHECK(refused.err.find("kith release abcdefghijklmnop --force") != std::string::npos);
    CHECK(postfix.calls().empty());
    CHECK(site.kith({"release", "4Q1XYZ2abc", "--force", "--postfix-bin", postfix.dir.str()})
              .status == 0);
}

TEST_CASE("a mail that was deleted is not released, and that is all that is said") {
    const Site site;
    site.seen({test::held_mail()});
    site.mark("abcdefghijklmnop", MailState::Dropped);
    const FakePostfix postfix("");
    for (const char* option : {"--learn", "--force"}) {
        const auto out =
            site.kith({"release", "abcdefghijklmnop", option, "--postfix-bin", postfix.dir.str()});
        CHECK(out.status == 66);
        CHECK(out.err ==
              "kith: mail abcdefghijklmnop was deleted on 2026-03-01T13:00:00Z and cannot be "
              "released\n");
    }
    CHECK(postfix.calls().empty());
    CHECK(site.records(RecordType::Release).empty());
}

TEST_CASE("when Postfix refuses, the record stands and the command to type is shown") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    const FakePostfix postfix(kOnHold);
    postfix.script("postsuper", "echo postsuper: fatal: no >&2; exit 1");
    const auto out = site.kith({"release", "abcdefghijklmnop", "--postfix-bin", postfix.dir.str()});
    CHECK(out.status == 69);
    CHECK(out.err.find("the release of abcdefghijklmnop is recorded, but Postfix did not follow") !=
          std::string::npos);
    CHECK(out.err.find("postsuper: fatal: no") != std::string::npos);
    CHECK(out.err.find("try by hand: postsuper -H 4Q1XYZ2abc") != std::string::npos);
    CHECK(site.records(RecordType::Release).size() == 1);
}

TEST_CASE("without the MTA the release is only recorded, and nobody needs to be root") {
    Site site;
    site.seen({test::held_mail()});
    const FakePostfix postfix("");
    const auto out = site.kith(
        {"--json", "release", "abcdefghijklmnop", "--no-mta", "--postfix-bin", postfix.dir.str()});
    CHECK(out.status == 0);
    CHECK(out.out == R"({
  "id": "abcdefghijklmnop",
  "queue_id": "4Q1XYZ2abc",
  "recorded": true,
  "learn": false,
  "allowed_until": null,
  "delivering": false
}
)");
    CHECK(postfix.calls().empty());
    CHECK(site.records(RecordType::Release).size() == 1);
}

TEST_CASE("where there is no Postfix, the option for Sendmail is shown, and no server to install") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    const test::TempDir nothing;
    const auto out = site.kith({"release", "abcdefghijklmnop", "--postfix-bin", nothing.str()});
    CHECK(out.status == 69);
    CHECK(out.err.find("install Postfix") == std::string::npos);
    CHECK(out.err.find("--sendmail-bin") != std::string::npos);
    CHECK(out.err.find("kith release abcdefghijklmnop --no-mta") != std::string::npos);
    CHECK(site.records(RecordType::Release).empty());
}

TEST_CASE("a mail without a queue id cannot be on hold") {
    Site site;
    MailRecord mail = test::held_mail();
    mail.queue_id.clear();
    site.seen({mail});
    const auto out = site.kith({"release", mail.id});
    CHECK(out.status == 66);
    CHECK(out.err.find("no queue id was recorded") != std::string::npos);
}

TEST_CASE("somebody who is not root is told so before anything is recorded: 77") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    for (const auto& f : std::filesystem::recursive_directory_iterator(site.dir.path()))
        ::chmod(f.path().c_str(), f.path().extension() == ".yaml" ? 0644
                                  : f.is_directory()              ? 0777
                                                                  : 0666);
    ::chmod(site.dir.path().c_str(), 0777);
    std::filesystem::copy_file(kith::test::kith_program(), site.dir.path() / "kith");
    ::chmod(site.dir.file("kith").c_str(), 0755);
    const auto out = admin::run_process({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                                         "--clear-groups", site.dir.file("kith"), "--config",
                                         site.dir.file("kith.yaml"), "release", "abcdefghijklmnop"},
                                        {});
    REQUIRE(out);
    CHECK(out->status == 77);
    CHECK(out->err.find("only root may take mail off hold") != std::string::npos);
    CHECK(site.records(RecordType::Release).empty());
}
