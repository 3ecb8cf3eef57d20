// SPDX-License-Identifier: Apache-2.0
// `kith drop` with stand-ins for the servers' commands, and what both servers' queues look like to
// hold_queue.hpp. tests/e2e/quarantine_test.py has the real ones.
#include <sys/stat.h>
#include <unistd.h>

#include "engine/admin/hold_queue.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::Site;

namespace {

bool root() {
    if (::geteuid() == 0) return true;
    WARN("needs root: drop refuses others");
    SUCCEED();
    return false;
}

struct Commands {
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

/// Postfix with one mail in its queue.
void with_queue(const Commands& postfix, const std::string& queue_name) {
    postfix.script("postconf", "echo mx.example.org");
    postfix.script("postqueue",
                   R"(echo '{"queue_name": ")" + queue_name + R"(", "queue_id": "4Q1XYZ2abc"}')");
    postfix.script("postsuper", "");
}

constexpr const char* kMailq =
    "\t\t/var/spool/mqueue (2 requests)\n"
    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
    "4ATHIh2W012345     1234 Sun Nov 29 17:18 <anna@supplier.example>\n"
    "     QUARANTINE: kith abcdefghijklmnop score 88: first link to forms.example\n"
    "\t\t\t\t\t <bert@example.org>\n"
    "4ATHIh2W012346*     123 Sun Nov 29 17:18 <a@b.example>\n"
    "\t\tTotal requests: 2\n";

}  // namespace

TEST_CASE("Sendmail's list of the queue gives ids and directories, and nothing else") {
    CHECK(parse_mailq(kMailq) == std::vector<std::string>{"4ATHIh2W012345", "4ATHIh2W012346"});
    CHECK(mailq_directories(kMailq) == std::vector<std::string>{"/var/spool/mqueue"});
    CHECK(mailq_directories("/var/spool/mqueue is empty\n\t\tTotal requests: 0\n") ==
          std::vector<std::string>{"/var/spool/mqueue"});
    CHECK(parse_mailq("").empty());
    CHECK(parse_mailq("-----Q-ID-----\nshort 1\nabcdefghijklmnopq/r\n").empty());
    CHECK(sendmail_name("Version 8\n  (canonical domain name) $j = mx.example.org\n") ==
          "mx.example.org");
    CHECK(sendmail_name("").empty());
}

TEST_CASE("only letters and digits are a queue id") {
    CHECK(is_queue_id("4Q1XYZ2abc"));
    for (const char* id : {"", "-d", "ALL;", "a b", "../x", "a\n"}) CHECK_FALSE(is_queue_id(id));
    CHECK_FALSE(is_queue_id(std::string(65, 'a')));
}

TEST_CASE("a held mail is deleted from the hold queue, and that is on record") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail()});
    const Commands postfix;
    with_queue(postfix, "hold");
    const auto out = site.kith(
        {"drop", "abcd", "--reason", "spam", "--confirm", "--postfix-bin", postfix.dir.str()});
    CHECK(out.err.empty());
    CHECK(out.status == 0);
    CHECK(out.out ==
          "deleted abcdefghijklmnop: 4Q1XYZ2abc from anna@supplier.example to bert@example.org +1 "
          "was on hold\nrecorded that it was bad\n");
    CHECK(postfix.calls().find("postsuper -d 4Q1XYZ2abc hold\n") != std::string::npos);
    CHECK(site.records(RecordType::Drop).size() == 1);
    CHECK(site.records(RecordType::Confirm).size() == 1);
    CHECK(site.records(RecordType::Audit).size() == 2);
}

TEST_CASE("a mail that is not on hold, or was never held, is not deleted") {
    if (!root()) return;
    Site site;
    site.seen({test::held_mail(), test::passed_mail()});
    const Commands postfix;
    with_queue(postfix, "active");
    const auto active = site.kith({"drop", "abcd", "--postfix-bin", postfix.dir.str()});
    CHECK(active.status == 66);
    CHECK(active.err.find("is not on hold but active") != std::string::npos);
    const auto never = site.kith({"drop", "bcdef", "--postfix-bin", postfix.dir.str()});
    CHECK(never.status == 66);
    CHECK(never.err.find("was never held") != std::string::npos);
    CHECK(postfix.calls().find("postsuper") == std::string::npos);
    CHECK(site.records(RecordType::Audit).empty());
}

TEST_CASE("of mail on hold that kith does not know, Postfix's own command is named") {
    const Site site;
    site.seen({test::passed_mail()});
    const Commands postfix;
    with_queue(postfix, "hold");
    const auto out = site.kith({"drop", "4Q1XYZ2abc", "--postfix-bin", postfix.dir.str()});
    CHECK(out.status == 66);
    CHECK(out.err.find("no mail 4Q1XYZ2abc in the index") != std::string::npos);
    CHECK(out.err.find("postsuper -d 4Q1XYZ2abc hold") != std::string::npos);
    const auto other = site.kith({"drop", "4Q1XYZ9abc", "--postfix-bin", postfix.dir.str()});
    CHECK(other.err.find("postsuper") == std::string::npos);
    CHECK(postfix.calls().find("postsuper") == std::string::npos);
}

TEST_CASE("with Sendmail a held mail's two files are removed, and a locked one is left") {
    if (!root()) return;
    Site site;
    MailRecord mail = test::held_mail();
    mail.queue_id = "4ATHIh2W012345";
    site.seen({mail});
    const Commands sendmail;
    const test::TempDir queue;
    sendmail.dir.write("list", std::string(kMailq));
    sendmail.script("mailq", "case \"$*\" in *-qQ*) cat " + sendmail.dir.file("list") + ";; esac");
    sendmail.script("sendmail", "echo '  (canonical domain name) $j = mx.example.org'");
    queue.write("hf4ATHIh2W012345", "V8\n");
    queue.write("df4ATHIh2W012345", "text\n");
    queue.write("df4ATHIh2W012346", "another\n");
    const auto out = site.kith({"drop", "4ATHIh2W012345", "--sendmail-bin", sendmail.dir.str(),
                                "--sendmail-queue", queue.str()});
    CHECK(out.err.empty());
    CHECK(out.status == 0);
    CHECK_FALSE(std::filesystem::exists(queue.path() / "hf4ATHIh2W012345"));
    CHECK_FALSE(std::filesystem::exists(queue.path() / "df4ATHIh2W012345"));
    CHECK(std::filesystem::exists(queue.path() / "df4ATHIh2W012346"));
    const auto again = site.kith({"drop", "4ATHIh2W012345", "--sendmail-bin", sendmail.dir.str(),
                                  "--sendmail-queue", queue.str()});
    CHECK(again.status == 66);
    CHECK(again.err.find("no file hf4ATHIh2W012345") != std::string::npos);
}

TEST_CASE("with Sendmail a release takes the mail out of quarantine and has it delivered") {
    if (!root()) return;
    Site site;
    MailRecord mail = test::held_mail();
    mail.queue_id = "4ATHIh2W012345";
    site.seen({mail});
    const Commands sendmail;
    sendmail.dir.write("list", std::string(kMailq));
    sendmail.script("mailq", "case \"$*\" in *-qQ*) cat " + sendmail.dir.file("list") + ";; esac");
    sendmail.script("sendmail", "echo '  (canonical domain name) $j = mx.example.org'");
    const auto out = site.kith({"release", "4ATHIh2W012345", "--sendmail-bin", sendmail.dir.str()});
    CHECK(out.status == 0);
    CHECK(out.out ==
          "released abcdefghijklmnop: 4ATHIh2W012345 was on hold, Sendmail delivers it now\n");
    CHECK(sendmail.calls().find("sendmail -qQ -Q -qI4ATHIh2W012345\n"
                                "sendmail -qI4ATHIh2W012345\n") != std::string::npos);
}
