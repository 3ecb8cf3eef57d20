// SPDX-License-Identifier: Apache-2.0
// Hostile text of mail, from the bytes of the mail or the record through store and journal to what
// the built `kith` prints: it steers no terminal, forges no line, and JSON stays JSON.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/learner.hpp"
#include "tests/support/hostile_text.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::hostile_texts;
using kith::test::HostileText;
using kith::test::Site;

namespace {

/// Every text that a record holds, filled.
MailRecord filled_with(const std::string& bytes) {
    MailRecord r = test::held_mail();
    for (std::string* text :
         {&r.queue_id, &r.host, &r.client_addr, &r.client_name, &r.helo, &r.auth_user, &r.mail_from,
          &r.from, &r.from_name, &r.message_id, &r.subject, &r.mode, &r.assessment.would_pass,
          &r.assessment.degraded})
        *text += bytes;
    for (std::string& rcpt : r.rcpts) rcpt += bytes;
    for (std::string& tag : r.assessment.tags) tag += bytes;
    for (IndicatorScore& i : r.assessment.indicators) i.name += bytes;
    for (Reason& reason : r.assessment.reasons) reason.text += bytes;
    return r;
}

/// Of what the program prints as text: the lines, each plain.
std::vector<std::string> plain_lines(const std::string& out) {
    std::vector<std::string> lines;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) {
        CHECK(test::is_plain(line));
        lines.push_back(line);
    }
    return lines;
}

void check_both(const Site& site, std::vector<std::string> command, int status = 0) {
    INFO(command.front());
    const auto text = site.kith(command);
    CHECK(text.status == status);
    plain_lines(text.out);
    plain_lines(text.err);
    command.emplace_back("--json");
    const auto json = site.kith(command);
    CHECK(json.status == status);
    CHECK(nlohmann::json::accept(json.out));
    CHECK(std::all_of(json.out.begin(), json.out.end(),
                      [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
    plain_lines(json.err);
}

std::size_t lines_that_begin(const Site& site, const char* command, const std::string& with) {
    const auto lines = plain_lines(site.kith({command, "abcdefghijklmnop"}).out);
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(),
                      [&](const std::string& line) { return line.rfind(with, 0) == 0; }));
}

/// A mail of somebody whose every word is hostile.
std::string mail_of(const HostileText& text, std::size_t number) {
    const std::string n = std::to_string(number);
    const std::string& x = text.bytes;
    return "From MAILER-DAEMON Mon Mar  2 10:00:00 2026\nFrom: \"Anna " + x + "\" <a" + n + x +
           "@b" + n + ".example>\nTo: bert@example.org, \"C " + x + "\" <cora" + x +
           "@example.org>\nSubject: plan " + x + "\nMessage-ID: <" + n + x +
           "@b.example>\nDate: Mon, 02 Mar 2026 10:00:00 +0100\nX-Mailer: M " + x +
           "\nContent-Type: text/plain; charset=utf-8\n\nsee https://h" + n + x + ".example/p" + x +
           "\n\n";
}

}  // namespace

TEST_CASE("SEC-11: no text of a record steers the terminal or forges a line") {
    for (const HostileText& text : hostile_texts()) {
        INFO(text.name);
        const Site site;
        site.seen({filled_with(text.bytes)});
        check_both(site, {"list", "--all"});
        check_both(site, {"show", "abcdefghijklmnop"});
        check_both(site, {"explain", "abcdefghijklmnop"});
        CHECK(lines_that_begin(site, "show", "verdict ") == 1);
        CHECK(lines_that_begin(site, "show", "X-Injected") == 0);
        CHECK(lines_that_begin(site, "explain", "X-Injected") == 0);
        CHECK(plain_lines(site.kith({"list", "--all"}).out).size() == 2);
    }
}

TEST_CASE("SEC-11: no text of an incident steers the terminal or forges a line") {
    for (const HostileText& text : hostile_texts()) {
        INFO(text.name);
        const Site site;
        const MailRecord mail = filled_with(text.bytes);
        site.seen({mail});
        Incident incident;
        incident.id = mail.id;
        incident.from = mail.from;
        incident.opened = incident.last_held = mail.time;
        incident.mails.push_back({mail.id, mail.time, 2});
        {
            auto store = Store::open(site.store(), Store::Mode::Write).value();
            auto txn = store->write().value();
            REQUIRE(txn->put(Table::Messages, incident_key(Key16{{1}}), encode(incident)));
            REQUIRE(txn->commit());
        }
        check_both(site, {"incident", "list", "--all"});
        check_both(site, {"incident", "show", mail.id});
        CHECK(plain_lines(site.kith({"incident", "list", "--all"}).out).size() == 2);
    }
}

TEST_CASE("SEC-11: what was learned of hostile mail, and what is typed in, steers no terminal") {
    const Site site;
    site.configure("mode: enforce\n");
    site.dir.write("kith.yaml", site.dir.read("kith.yaml") + "  subjects: true\n");
    std::string mbox;
    for (std::size_t i = 0; i < hostile_texts().size(); ++i) mbox += mail_of(hostile_texts()[i], i);
    site.dir.write("mbox", mbox);
    const auto imported = site.kith({"import", "--mbox", site.dir.file("mbox")});
    INFO(imported.err);
    REQUIRE(imported.status == 0);
    plain_lines(imported.out);
    plain_lines(imported.err);
    {
        auto learner = Learner::open(load_config_or_error(site.dir.file("kith.yaml")).value());
        REQUIRE(learner);
        while ((*learner)->step().value().records > 0) {
        }
    }
    check_both(site, {"list", "--all", "--limit", "1000"});
    check_both(site, {"status"}, 2);  // neither learner nor milter runs
    check_both(site, {"profile", "show", "bert@example.org"});
    const auto all = nlohmann::json::parse(site.kith({"list", "--all", "--json"}).out)["mails"];
    CHECK(all.size() > hostile_texts().size() / 2);  // the others are no mail any more
    for (const auto& mail : all) {
        check_both(site, {"show", mail["id"]});
        check_both(site, {"explain", mail["id"]});
    }
    for (const HostileText& text : hostile_texts()) {
        INFO(text.name);
        // 66: nothing is known of it.
        check_both(site, {"show", "x" + text.bytes}, 66);
        check_both(site, {"profile", "show", "x" + text.bytes + "@y.example"}, 66);
    }
}
