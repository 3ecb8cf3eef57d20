// SPDX-License-Identifier: Apache-2.0
#include "milter/log_line.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace kith::milter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string written(const LogLine& line) { return log_line(line.message, line.fields); }

Arrival arrival() {
    Arrival a;
    a.queue_id = "4XyZ01";
    a.mail_from = "anna@partner.example";
    a.rcpts = {"ben@site.example"};
    return a;
}

MailRecord record() {
    MailRecord r;
    r.id = "abcdefgh23456723";
    r.mode = "enforce";
    r.action = Action::Held;
    r.assessment.score = 86.6;
    r.assessment.stratum = Stratum::NewLink;
    r.assessment.verdict = Verdict::Quarantine;
    r.assessment.tags = {"A", "B"};
    r.assessment.reasons = {{"link_host", 1, "first link to forms.example"}};
    return r;
}

TEST_CASE("the line begins with the queue id and says what was found and done") {
    CHECK(
        written(log_line_of(record(), arrival(), milliseconds(4))) ==
        "4XyZ01: id=abcdefgh23456723 from=<anna@partner.example> to=<ben@site.example> dir=in "
        "score=87 stratum=link tags=A,B "
        "verdict=quarantine action=held mode=enforce reason=\"first link to forms.example\" ms=4");
}

TEST_CASE("a mail without a verdict says why") {
    CHECK(written(log_line_without_verdict(arrival(), "deadline", Action::Accepted, Mode::Tag,
                                           milliseconds(5000))) ==
          "4XyZ01: id=- from=<anna@partner.example> to=<ben@site.example> verdict=none "
          "action=accepted mode=tag "
          "reason=\"not judged: deadline\" ms=5000");
}

TEST_CASE("SEC-11: hostile text forges neither a line nor a field") {
    Arrival a = arrival();
    a.queue_id = "A1\n4ZZZ: forged\x1b[2J";
    a.mail_from = "x\r\n4ZZZ: id=1 verdict=pass\x1b[2J@evil.example";
    MailRecord r = record();
    r.assessment.reasons[0].text = "quote \" and \n line";
    const std::string line = written(log_line_of(r, a, milliseconds(1)));
    CHECK(line.find_first_of("\r\n\x1b") == std::string::npos);
    CHECK(line.rfind("A14ZZZforged2J: id=abcdefgh23456723 from=\"", 0) == 0);
    // The sender's "verdict=pass" stands inside quotes; the line's own comes once.
    const std::size_t own = line.find(" verdict=quarantine ");
    CHECK(own != std::string::npos);
}

TEST_CASE("the line of a retry says that the mail was delayed") {
    MailRecord r = record();
    CHECK(written(log_line_of(r, arrival(), milliseconds(1))).find("delayed") == std::string::npos);
    r.assessment.delayed = true;
    CHECK(written(log_line_of(r, arrival(), milliseconds(1))).find(" delayed=yes action=") !=
          std::string::npos);
}

TEST_CASE("a queue id that leaves nothing is NOQUEUE") {
    CHECK(log_queue_id("") == "NOQUEUE");
    CHECK(log_queue_id(" \n:") == "NOQUEUE");
    CHECK(log_queue_id(std::string(65, 'a')) == std::string(64, 'a'));
    CHECK(log_queue_id(std::string(64, 'a')) == std::string(64, 'a'));
}

TEST_CASE("three recipients are named and the others counted") {
    Arrival a = arrival();
    a.rcpts = {"a@x", "b@x", "c@x"};
    CHECK(written(log_line_of(record(), a, milliseconds(1))).find(" to=<a@x>,<b@x>,<c@x> ") !=
          std::string::npos);
    a.rcpts = {"a@x", "b@x", "c@x", "d@x"};
    CHECK(written(log_line_of(record(), a, milliseconds(1))).find(" to=<a@x>,<b@x>,<c@x>,+1 ") !=
          std::string::npos);
}

TEST_CASE("a cause is logged once a minute with the number held back") {
    OncePerMinute throttle;
    const std::chrono::steady_clock::time_point start{};
    CHECK(throttle.pass(start) == 0UL);
    CHECK_FALSE(throttle.pass(start + seconds(1)));
    CHECK_FALSE(throttle.pass(start + seconds(59)));
    CHECK(throttle.pass(start + seconds(60)) == 2UL);
    CHECK_FALSE(throttle.pass(start + seconds(61)));
    CHECK(throttle.pass(start + seconds(200)) == 1UL);
}

}  // namespace
}  // namespace kith::milter
