// SPDX-License-Identifier: Apache-2.0
// The built kith-milter with its real judge, driven over its socket by a fake MTA. What needs a
// verdict of choice or a slow judge is proven in tests/unit/milter/session_test.cpp: the program
// has no hooks for tests.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/status_line.hpp"
#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_mta.hpp"
#include "tests/support/mmdb_writer.hpp"

namespace kith::test {
namespace {

FakeMail numbered(int n) {
    FakeMail mail;
    mail.sender = "<sender" + std::to_string(n) + "@partner.example>";
    mail.recipients = {"<reader" + std::to_string(n) + "@site.example>"};
    mail.headers.push_back({"X-Number", " " + std::to_string(n)});
    mail.queue_id = "4Q" + std::to_string(n);
    return mail;
}

bool is_id(const std::string& id) {
    return id.size() == 16 && std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
           });
}

TEST_CASE(
    "PROTO-27: the negotiation asks for what is used: macros, silence, the blank after the colon") {
    const MilterProcess milter;
    const FakeMta mta = milter.mta();
    CHECK(mta.agreement().actions ==
          0x131);  // add headers, change headers, quarantine, set macro list
    CHECK(mta.agreement().steps ==
          (0x100 | 0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x40000 | 0x100000));
    CHECK(mta.agreement().macro_lists.at(0) == "j {daemon_name} {daemon_addr} {daemon_port} v _");
    CHECK(mta.agreement().macro_lists.at(2) ==
          "i {auth_type} {auth_authen} {auth_author} {mail_addr} {client_addr} {client_name}");
    CHECK(mta.agreement().macro_lists.at(5) == "i");
}

TEST_CASE(
    "PROTO-22: without a store mail is accepted with a neutral score, headers and one line in the "
    "log") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    const EomAnswer answer = mta.send({});
    CHECK(answer.is_accepted());
    CHECK_FALSE(answer.quarantine);
    CHECK(answer.changed.empty());
    CHECK(answer.own_header("X-Kith-Score") == "0");
    CHECK(answer.own_header("X-Kith-Verdict") == "pass");
    CHECK(is_id(answer.own_header("X-Kith-Id")));
    CHECK(answer.own_headers().front().first == "X-Kith-Score");
    CHECK(answer.own_headers().back().first == "X-Kith-Id");
    for (const auto& header : answer.inserted) {
        CHECK(header.index == 0);
        CHECK(header.value.front() == ' ');
    }
    CHECK(milter.logs("4XyZ01abCd: id=" + answer.own_header("X-Kith-Id") +
                      " from=<anna@partner.example> to=<ben@site.example> dir=in score=0"));
    CHECK(milter.log_lines_with("4XyZ01abCd: ") == 1);
    const auto records = milter.journal(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].id == answer.own_header("X-Kith-Id"));
    CHECK(records[0].queue_id == "4XyZ01abCd");
    CHECK(records[0].mode == "tag");
    CHECK(records[0].action == Action::Accepted);
    CHECK(records[0].client_addr == "192.0.2.7");
    CHECK(records[0].mail_from == "anna@partner.example");
    CHECK_FALSE(records[0].assessment.degraded.empty());
}

TEST_CASE("a submission is recorded with where it came from, other mail and without one nowhere") {
    const TempDir dir;
    MilterSetup setup;
    setup.more = "accounts:\n  mmdb: [" + dir.file("missing.mmdb") + ", " +
                 dir.write("city.mmdb", city_database()) + "]\n";
    const MilterProcess milter(setup);
    CHECK(milter.logs("missing.mmdb cannot be opened"));
    FakeMta mta = milter.mta();
    FakeMail submitted = numbered(1);
    submitted.login = "anna";
    REQUIRE(mta.send(submitted).is_accepted());
    mta.abort();
    REQUIRE(mta.send(numbered(2)).is_accepted());
    const auto records = milter.journal(2);
    REQUIRE(records.size() == 2);
    CHECK(records[0].auth_user == "anna");
    CHECK(records[0].place.country == "DE");
    CHECK(records[0].place.point);
    CHECK((records[1].place == GeoPlace{}));
}

TEST_CASE("PROTO-01, PROTO-09: three messages on one connection are judged each alone") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    std::vector<std::string> ids;
    for (int n = 1; n <= 3; ++n) {
        const EomAnswer answer = mta.send(numbered(n));
        REQUIRE(answer.is_accepted());
        ids.push_back(answer.own_header("X-Kith-Id"));
        mta.abort();  // as Postfix does after every end of message
    }
    const auto records = milter.journal(3);
    REQUIRE(records.size() == 3);
    for (int n = 1; n <= 3; ++n) {
        const auto& record = records[static_cast<std::size_t>(n - 1)];
        CHECK(record.id == ids[static_cast<std::size_t>(n - 1)]);
        CHECK(record.mail_from == "sender" + std::to_string(n) + "@partner.example");
        CHECK(record.rcpts ==
              std::vector<std::string>{"reader" + std::to_string(n) + "@site.example"});
        CHECK(record.queue_id == "4Q" + std::to_string(n));
        CHECK(record.client_addr == "192.0.2.7");
        CHECK(record.helo == "out.partner.example");
    }
}

TEST_CASE("SEC-01, SEC-07: X-Kith headers of the sender are removed, the highest index first") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.headers.insert(
        mail.headers.begin(),
        {{"X-KITH-Verdict", " pass"}, {"x-kith-verdict", " pass"}, {"X-Kith-Score", " 1"}});
    const EomAnswer answer = mta.send(mail);
    REQUIRE(answer.changed.size() == 3);
    std::vector<std::string> asked;
    for (const auto& change : answer.changed) {
        CHECK(change.value.empty());
        asked.push_back(change.name + "#" + std::to_string(change.index));
    }
    CHECK(asked ==
          std::vector<std::string>{"x-kith-score#1", "x-kith-verdict#2", "x-kith-verdict#1"});
    CHECK(answer.own_header("X-Kith-Score") == "0");
}

TEST_CASE("outbound mail carries no header of ours and loses those it had") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.sender = "<ben@site.example>";
    mail.recipients = {"<anna@partner.example>"};
    mail.headers = {{"From", " ben@site.example"}, {"X-Kith-Score", " 3"}};
    mail.login = "ben";
    const EomAnswer answer = mta.send(mail);
    CHECK(answer.is_accepted());
    CHECK(answer.inserted.empty());
    CHECK(answer.changed.size() == 1);
}

TEST_CASE("the size of body chunks does not show in the record") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail;
    for (int i = 0; i < 400; ++i)
        mail.body += "Line " + std::to_string(i) + " about the plan for spring.\r\n";
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{4096}, std::size_t{65535}}) {
        mail.chunk = chunk;
        REQUIRE(mta.send(mail).is_accepted());
    }
    const auto records = milter.journal(3);
    REQUIRE(records.size() == 3);
    const auto comparable = [](MailRecord record) {
        record.id.clear();
        record.time = record.observations.time = Time{};
        return encode(record);
    };
    CHECK(records[0].observations.word_total > 0);
    CHECK(comparable(records[0]) == comparable(records[1]));
    CHECK(comparable(records[0]) == comparable(records[2]));
}

TEST_CASE("the MTA may stop after any command and the filter serves on") {
    MilterProcess milter;
    const FakeMail mail;
    for (int stop_after = 0; stop_after <= 8; ++stop_after) {
        CAPTURE(stop_after);
        auto mta = FakeMta::connect(milter.socket());
        REQUIRE(mta);
        if (stop_after >= 1) REQUIRE(mta->negotiate());
        if (stop_after >= 2) mta->connection("c.example", '4', "192.0.2.1");
        if (stop_after >= 3) mta->helo("c.example");
        if (stop_after >= 4) mta->mail("<a@partner.example>");
        if (stop_after >= 5) mta->rcpt("<b@site.example>");
        if (stop_after >= 6) mta->data();
        if (stop_after >= 7) mta->header("Subject", " x");
        if (stop_after >= 8) {
            mta->end_of_headers();
            mta->body("half a mess");
        }
        mta->close();
        FakeMta next = milter.mta();
        CHECK(next.send(mail).is_accepted());
    }
    CHECK(milter.is_running());
    CHECK(milter.journal(9).size() == 9);
}

TEST_CASE("a message that was aborted leaves nothing for the next") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail given_up = numbered(1);
    given_up.login = "ben";
    given_up.headers.push_back({"X-Kith-Score", " 1"});
    mta.send_up_to_body(given_up);
    mta.abort();
    const EomAnswer answer = mta.send(numbered(2));
    CHECK(answer.is_accepted());
    CHECK(answer.changed.empty());
    const auto records = milter.journal(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].mail_from == "sender2@partner.example");
    CHECK(records[0].auth_user.empty());
}

TEST_CASE("PROTO-08: a login is known for its message only") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    for (const char* login : {"anna", "ben", ""}) {
        FakeMail mail;
        mail.login = login;
        REQUIRE(mta.send(mail).is_accepted());
    }
    const auto records = milter.journal(3);
    REQUIRE(records.size() == 3);
    CHECK(records[0].auth_user == "anna");
    CHECK(records[1].auth_user == "ben");
    CHECK(records[2].auth_user.empty());
}

TEST_CASE("PROTO-11: a health check that connects and says nothing, or quits, harms nobody") {
    MilterProcess milter;
    {
        auto silent = FakeMta::connect(milter.socket());
        REQUIRE(silent);
    }
    {
        auto quitter = FakeMta::connect(milter.socket());
        REQUIRE(quitter);
        REQUIRE(quitter->negotiate());
        quitter->quit();
        CHECK(quitter->is_closed());
    }
    FakeMta mta = milter.mta();
    CHECK(mta.send({}).is_accepted());
}

TEST_CASE("PROTO-04: the null sender is judged") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.sender = "<>";
    CHECK(mta.send(mail).is_accepted());
    const auto records = milter.journal(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].mail_from.empty());
    CHECK(milter.logs("from=<> "));
}

TEST_CASE("PROTO-03, PROTO-16: clients of every address family are taken, also of none") {
    const MilterProcess milter;
    const auto [family, sent, expected] = GENERATE(table<char, const char*, const char*>({
        {'U', "", ""},
        {'4', "192.0.2.9", "192.0.2.9"},
        {'6', "2001:db8::7", "2001:db8::7"},
        {'6', "IPv6:2001:db8::7", "2001:db8::7"},
        {'6', "::ffff:192.0.2.9", "192.0.2.9"},
        {'L', "/run/some.sock", ""},
    }));
    CAPTURE(family, sent);
    auto mta = FakeMta::connect(milter.socket());
    REQUIRE(mta);
    REQUIRE(mta->negotiate());
    mta->connection("unknown", family, sent);
    mta->helo("h.example");
    CHECK(mta->send({}).is_accepted());
    const auto records = milter.journal(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].client_addr == expected);
    CHECK(records[0].client_name.empty());
}

TEST_CASE("an MTA that sends no macros at all is served") {
    const MilterProcess milter;
    auto mta = FakeMta::connect(milter.socket());
    REQUIRE(mta);
    REQUIRE(mta->negotiate());
    mta->connection("c.example", '4', "192.0.2.1", {});
    mta->mail("<a@partner.example>");
    mta->rcpt("<b@site.example>");
    mta->data();
    mta->header("Subject", " x");
    mta->end_of_headers();
    mta->body("text\r\n");
    CHECK(mta->end_of_message().is_accepted());
    CHECK(milter.logs("NOQUEUE: id="));
}

TEST_CASE("an old MTA of protocol version 2 is served, reply by reply") {
    const MilterProcess milter;
    auto mta = FakeMta::connect(milter.socket());
    REQUIRE(mta);
    REQUIRE(mta->negotiate(MtaOffer::version2()));
    CHECK((mta->agreement().steps & ~0x7FU) == 0);
    CHECK(mta->connection("c.example", '4', "192.0.2.1") == 'c');
    CHECK(mta->helo("c.example") == 'c');
    CHECK(mta->mail("<a@partner.example>") == 'c');
    CHECK(mta->rcpt("<b@site.example>") == 'c');
    CHECK(mta->header("Subject", " old times") == 'c');
    CHECK(mta->header("X-Kith-Score", " 1") == 'c');
    CHECK(mta->end_of_headers() == 'c');
    CHECK(mta->body("text\r\n") == 'c');
    const EomAnswer answer = mta->end_of_message({{"i", "OLD1"}});
    CHECK(answer.is_accepted());
    CHECK(answer.changed.size() == 1);
    // This MTA puts the blank after the colon itself.
    for (const auto& header : answer.inserted) CHECK(header.value.front() != ' ');
}

TEST_CASE("libmilter finds nothing to complain of, with a new MTA or an old one") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    REQUIRE(mta.send(numbered(1)).is_accepted());
    REQUIRE(mta.send(numbered(2)).is_accepted());
    FakeMta old = milter.mta(MtaOffer::version2());
    REQUIRE(old.send(numbered(3)).is_accepted());
    Delivery body_with_the_end;
    body_with_the_end.end_with_body = true;
    auto another = FakeMta::connect(milter.socket());
    REQUIRE(another);
    REQUIRE(another->deliver(numbered(4), body_with_the_end).is_accepted());
    CHECK(milter.logs("4Q4: "));
    CHECK(milter.log_lines_with("milter claimed not to reply") == 0);
    CHECK(milter.log_lines_with("kith-milter[") == 0);  // the form of syslog(3)
}

TEST_CASE("a mail beyond the limit is answered, however its body ends") {
    MilterSetup setup;
    setup.more_of_milter = "  memory_size: 64KiB\n  max_message_size: 128KiB\n";
    const MilterProcess milter(setup);
    FakeMta mta = milter.mta();
    mta.mail("<a@partner.example>");
    mta.rcpt("<b@site.example>");
    mta.header("Subject", " long");
    mta.end_of_headers();
    const std::string piece(65535, 'x');
    CHECK(mta.body(piece) == 'c');
    CHECK(mta.body(piece) == 'c');
    CHECK(mta.body(piece) == 'c');
    CHECK(mta.end_of_message({{"i", "LONG1"}}).is_accepted());

    FakeMail mail = numbered(2);
    mail.body = std::string(140'000, 'x');
    Delivery body_with_the_end;
    body_with_the_end.end_with_body = true;
    auto another = FakeMta::connect(milter.socket());
    REQUIRE(another);
    CHECK(another->deliver(mail, body_with_the_end).is_accepted());
    CHECK(milter.logs("4Q2: "));
}

TEST_CASE("an MTA that offers no changes gets none and is served") {
    const MilterProcess milter;
    MtaOffer offer;
    offer.actions =
        0x2;  // change the body, which we never ask for (0 would stand for version 1's actions)
    FakeMta mta = milter.mta(offer);
    CHECK(mta.agreement().actions == 0);
    const EomAnswer answer = mta.send({});
    CHECK(answer.is_accepted());
    CHECK(answer.inserted.empty());
}

// libmilter 8.17 takes QUIT_NC only right after an end of message that was answered CONTINUE.
TEST_CASE(
    "PROTO-10: a connection that Sendmail uses again keeps what was negotiated and nothing else") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    REQUIRE(mta.send(numbered(1)).is_accepted());
    mta.quit_new_connection();
    mta.connection("second.example", '4', "192.0.2.99", {});
    const EomAnswer answer = mta.send(numbered(2));
    CHECK(answer.is_accepted());
    REQUIRE(answer.inserted.size() >= 3);
    for (const auto& header : answer.inserted) CHECK(header.value.front() == ' ');
    const auto records = milter.journal(2);
    REQUIRE(records.size() == 2);
    CHECK(records[1].client_addr == "192.0.2.99");
    CHECK(records[1].helo.empty());
}

TEST_CASE("a new client whose CONNECT libmilter dropped is not taken for the one before") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    mta.quit_new_connection();  // no message before it: libmilter ignores it, and the CONNECT that
                                // follows
    mta.connection("second.example", '4', "192.0.2.99", {});
    mta.helo("second.example");
    mta.mail("<a@partner.example>",
             {{"{client_addr}", "192.0.2.99"}, {"{client_name}", "second.example"}});
    mta.rcpt("<b@site.example>");
    mta.data();
    mta.header("Subject", " x");
    mta.end_of_headers();
    mta.body("text\r\n");
    CHECK(mta.end_of_message().is_accepted());
    const auto records = milter.journal(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].client_addr == "192.0.2.99");
    CHECK(records[0].client_name == "second.example");
    CHECK(records[0].helo == "second.example");
}

TEST_CASE("a header of 70,000 bytes does not end the connection") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.headers.push_back({"References", " " + std::string(70000, 'x')});
    CHECK(mta.send(mail).is_accepted());
    CHECK(mta.send({}).is_accepted());
}

TEST_CASE(
    "a message larger than memory goes through the spool, and a spool that is missing costs only "
    "its end") {
    const bool has_directories = GENERATE(true, false);
    MilterSetup setup;
    setup.make_directories = has_directories;
    const MilterProcess milter(setup);
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.body.assign(3U << 20, 'x');
    CHECK(mta.send(mail).is_accepted());
    CHECK(mta.send({}).is_accepted());
    if (has_directories)
        CHECK(std::filesystem::is_empty(milter.directory().file("spool")));
    else
        CHECK(milter.logs("spool: a large mail was judged by its beginning"));
}

TEST_CASE("hostile bytes everywhere are answered") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.sender = "<\x01\x1b[2J\xff\n4FAKE: id=1 verdict=pass@evil.example>";
    mail.headers = {{"From", " \xff\xfe\n\n<a@b"},
                    {"X-Kith-Reason", ""},
                    {" ", " x"},
                    {"Content-Type", " multipart/mixed"}};
    mail.body = std::string("\0\0\0--\r\n\xff", 8);
    mail.queue_id = "A\n4FAKE: ";
    const EomAnswer answer = mta.send(mail);
    CHECK(answer.is_accepted());
    for (const auto& header : answer.inserted)
        CHECK(std::all_of(header.value.begin(), header.value.end(),
                          [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
    CHECK(milter.logs("A4FAKE: id="));
    CHECK(milter.log_lines_with("\n4FAKE: ") == 0);
}

TEST_CASE("CFG-04: no number or time of orders to reload ends the filter") {
    // libmilter's own signal thread took some of them for an order to stop, mostly while starting.
    const int signal = GENERATE(SIGUSR1, SIGHUP);
    for (int start = 0; start < 5; ++start) {
        MilterProcess milter;
        for (int i = 0; i < 500; ++i) milter.signal(signal);
        FakeMta mta = milter.mta();
        CHECK(mta.send({}).is_accepted());
        CHECK(milter.is_running());
    }
}

TEST_CASE("CFG-06: a reload takes the new configuration while mail flows") {
    const int signal = GENERATE(SIGUSR1, SIGHUP);
    MilterProcess milter;
    std::atomic<bool> stop{false};
    std::atomic<int> accepted{0}, other{0};
    std::thread traffic([&] {
        FakeMta mta = milter.mta();
        while (!stop) (mta.send({}).is_accepted() ? accepted : other).fetch_add(1);
    });
    for (std::size_t i = 1; i <= 3; ++i) {
        MilterSetup setup;
        setup.mode = i % 2 == 1 ? "passive" : "enforce";
        milter.write_config(setup);
        milter.signal(signal);
        CHECK(milter.logs("reload: configuration taken over", i));
    }
    const int so_far = accepted;
    CHECK(eventually([&] { return accepted > so_far; }));
    stop = true;
    traffic.join();
    CHECK(other == 0);
    FakeMta mta = milter.mta();
    REQUIRE(mta.send(numbered(7)).is_accepted());
    CHECK(milter.logs("4Q7: id="));
    const std::string log = milter.log();
    const std::size_t line = log.find("4Q7: ");
    CHECK(log.substr(line, log.find('\n', line) - line).find(" mode=passive ") !=
          std::string::npos);
    CHECK(milter.is_running());
}

TEST_CASE("many hang-ups and reload signals at once never stop the filter") {
    MilterProcess milter;
    for (int i = 0; i < 200; ++i) milter.signal(i % 3 == 0 ? SIGUSR1 : SIGHUP);
    CHECK(milter.logs("reload: configuration taken over"));
    FakeMta mta = milter.mta();
    CHECK(mta.send({}).is_accepted());
    CHECK(milter.is_running());
}

TEST_CASE("a broken configuration is refused at a reload and the old one stays") {
    MilterProcess milter;
    MilterSetup broken;
    broken.mode = "sideways";
    milter.write_config(broken);
    milter.signal(SIGUSR1);
    CHECK(milter.logs("reload: configuration refused, the old one stays"));
    FakeMta mta = milter.mta();
    CHECK(mta.send({}).own_header("X-Kith-Score") == "0");
    CHECK(milter.logs(" action=accepted mode=tag "));
}

TEST_CASE("a site's model decides, and a broken one never takes the place of one that works") {
    MilterSetup setup;
    setup.mode = "enforce";
    MilterProcess milter(setup);
    FakeMta mta = milter.mta();
    FakeMail mail;
    mail.sender = "<anna@partner.example>";
    CHECK(mta.send(mail).is_accepted());

    const std::string file =
        milter.directory().write("models.d/no-anna.yaml",
                                 "description: nobody wants Anna\nwhen: mail_from = "
                                 "anna@*\naction: [hold, notify]\nmode: live\n");
    milter.directory().write("models.d/count.yaml",
                             "when: mail_from = anna@*\naction: reject\npriority: 90\n");
    milter.signal(SIGUSR1);
    REQUIRE(milter.logs("reload: configuration taken over"));
    const auto held = milter.mta().send(mail);
    REQUIRE(held.quarantine);
    CHECK(held.quarantine->find("the site's model no-anna: nobody wants Anna") !=
          std::string::npos);
    CHECK(milter.logs("models=count(experimental),no-anna"));
    const auto records = milter.journal(2);
    REQUIRE(records.size() == 2);
    CHECK(records[1].action == Action::Held);
    CHECK(records[1].assessment.decided_by == "no-anna");
    CHECK(records[1].assessment.notify);

    milter.directory().write("models.d/no-anna.yaml",
                             "when: mail_form = anna@*\naction: hold\nmode: live\n");
    milter.signal(SIGUSR1);
    REQUIRE(milter.logs("reload: a model is broken, the old models stay"));
    CHECK(milter.logs(file + ":1:7"));
    CHECK(milter.logs("did you mean mail_from?"));
    REQUIRE(milter.logs("reload: configuration taken over", 2));
    CHECK(milter.mta().send(mail).quarantine);
}

TEST_CASE("a broken model at the start is left out, loudly, and mail flows") {
    MilterSetup setup;
    setup.models = {{"broken.yaml", "when: scor > 1\naction: hold\n"},
                    {"good.yaml", "when: mail_from = bad@*\naction: reject\nmode: live\n"}};
    setup.mode = "enforce";
    const MilterProcess milter(setup);
    CHECK(milter.log_lines_with("a model is broken and left out") == 1);
    FakeMail mail;
    CHECK(milter.mta().send(mail).is_accepted());
    mail.sender = "<bad@partner.example>";
    CHECK_FALSE(milter.mta().send(mail).is_accepted());
}

TEST_CASE("CFG-05: a key that needs a restart is named at a reload") {
    MilterProcess milter;
    MilterSetup setup;
    setup.more = "log:\n  level: debug\n";
    milter.write_config(setup);
    milter.signal(SIGUSR1);
    CHECK(milter.logs("needs_restart=log.level"));
}

TEST_CASE("PROTO-29: an order to stop lets a message that has begun come to its end") {
    const int signal = GENERATE(SIGTERM, SIGINT);
    MilterProcess milter;
    FakeMta mta = milter.mta();
    mta.send_up_to_body(numbered(1));
    mta.flush();
    // The message is open once the filter has read it; nothing tells us, so a second connection
    // made after it is served first.
    FakeMta second = milter.mta();
    REQUIRE(second.send(numbered(2)).is_accepted());
    milter.signal(signal);
    CHECK(milter.logs("stopping"));
    CHECK(mta.end_of_message({{"i", "4Q1"}}).is_accepted());
    CHECK(milter.wait_for_exit() == 0);
    CHECK(milter.log_lines_with("4Q1: id=") == 1);
    CHECK(milter.log_lines_with("stopped messages=2") == 1);
    CHECK(milter.journal(2).size() == 2);
    CHECK_FALSE(std::filesystem::exists(milter.directory().file("k.sock")));
}

TEST_CASE("an idle connection does not delay the stop") {
    MilterProcess milter;
    FakeMta idle = milter.mta();
    const auto before = std::chrono::steady_clock::now();
    milter.signal(SIGTERM);
    CHECK(milter.wait_for_exit() == 0);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(4));
}

TEST_CASE("without learner, store, spool and journal mail is still accepted") {
    MilterSetup setup;
    setup.make_directories = false;
    MilterProcess milter(setup);
    FakeMta mta = milter.mta();
    for (int n = 1; n <= 3; ++n) {
        const EomAnswer answer = mta.send(numbered(n));
        CHECK(answer.is_accepted());
        CHECK(answer.own_header("X-Kith-Score") == "0");
    }
    CHECK(milter.logs("store: mail passes with a neutral score"));
}

TEST_CASE("mail that cannot be recorded is told while it is so, for kith status to read") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    const auto told = [&] {
        const auto said = read_status_line(milter.directory().file("trouble"));
        return said && *said ? (*said)->text : std::string();
    };
    std::filesystem::remove_all(milter.directory().file("journal"));
    milter.directory().write("journal", "a file where the directory should be");
    CHECK(mta.send(numbered(1)).is_accepted());
    CHECK(eventually([&] { return !told().empty(); }));
    CHECK(told().find(milter.directory().file("journal")) != std::string::npos);
    std::filesystem::remove(milter.directory().file("journal"));
    CHECK(mta.send(numbered(2)).is_accepted());
    CHECK(eventually([&] { return told().empty(); }));
    CHECK(milter.logs("journal: mail is recorded again"));
}

TEST_CASE(
    "a nearly suspicious mail is answered 451 once, and when it comes again with its verdict") {
    const MilterProcess milter(delaying_setup());
    learn_for(milter);
    REQUIRE(milter.logs("store: in use again"));
    FakeMail mail = delayed_mail();
    FakeMta mta = milter.mta();
    const EomAnswer first = mta.send(mail);
    CHECK(first.final == 'y');
    CHECK(first.text.rfind(
              "451 4.7.1 Message delayed for a second look, please try again later (kith ", 0) ==
          0);
    CHECK_FALSE(first.quarantine);
    CHECK(first.inserted.empty());
    mta.abort();
    mail.queue_id = "4XyZ01retry";
    const EomAnswer second = milter.mta().send(mail);
    CHECK(second.is_accepted());
    CHECK(second.own_header("X-Kith-Verdict") == "tag");
    CHECK(milter.logs("4XyZ01retry: id="));
    CHECK(milter.log_lines_with("delayed=yes action=accepted") == 1);

    std::size_t deferred = 0, accepted = 0;
    for (const MailRecord& record : milter.journal(332)) {
        if (record.mail_from.empty()) continue;  // of before
        deferred += record.action == Action::Deferred && !record.assessment.delayed ? 1 : 0;
        accepted += record.action == Action::Accepted && record.assessment.delayed ? 1 : 0;
    }
    CHECK(deferred == 1);
    CHECK(accepted == 1);
}

TEST_CASE("TCP serves as a Unix socket does, without waiting for delayed acknowledgements") {
    MilterSetup setup;
    setup.over_tcp = true;
    MilterProcess milter(setup);
    FakeMta mta = milter.mta();
    REQUIRE(mta.send({}).is_accepted());
    // With Nagle's algorithm every one of these would take at least 40 ms.
    std::vector<double> milliseconds;
    for (int n = 0; n < 20; ++n) {
        const auto before = std::chrono::steady_clock::now();
        REQUIRE(mta.send(numbered(n)).is_accepted());
        milliseconds.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before)
                .count());
    }
    CHECK(*std::min_element(milliseconds.begin(), milliseconds.end()) < 35.0);
    milter.signal(SIGTERM);
    CHECK(milter.wait_for_exit() == 0);
}

TEST_CASE("the Unix socket is for user and group only") {
    const MilterProcess milter;
    struct stat status {};
    REQUIRE(::stat(milter.directory().file("k.sock").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
}

TEST_CASE("a second instance is refused and the first serves on") {
    MilterProcess milter;
    const auto second =
        MilterProcess::run({"--config", milter.config_file(), "--stderr"}, milter.directory());
    CHECK(second.exit_code == 69);
    CHECK(second.output.find("another kith-milter serves it") != std::string::npos);
    FakeMta mta = milter.mta();
    CHECK(mta.send({}).is_accepted());
}

TEST_CASE("a killed instance leaves a socket that the next one takes over") {
    MilterProcess milter;
    milter.signal(SIGKILL);
    CHECK_FALSE(milter.wait_for_exit());
    REQUIRE(std::filesystem::exists(milter.directory().file("k.sock")));
    const auto check =
        MilterProcess::run({"--config", milter.config_file(), "--check"}, milter.directory());
    CHECK(check.exit_code == 0);
    CHECK(check.output.find("configuration ok: mode tag, socket unix:") == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl(std::getenv("KITH_MILTER_PROGRAM"), "kith-milter", "--config",
                milter.config_file().c_str(), nullptr);
        ::_exit(127);
    }
    CHECK(eventually([&] { return FakeMta::connect(milter.socket()).has_value(); }));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST_CASE("a thousand connections leave no descriptor behind") {
    MilterProcess milter;
    {
        FakeMta warm = milter.mta();
        REQUIRE(warm.send({}).is_accepted());
        warm.quit();
        REQUIRE(warm.is_closed());
    }
    const std::size_t before = milter.open_descriptors();
    for (int i = 0; i < 1000; ++i) {
        auto mta = FakeMta::connect(milter.socket());
        REQUIRE(mta);
        if (i % 3 != 0) REQUIRE(mta->negotiate());
        if (i % 3 == 2) {
            mta->quit();
            REQUIRE(mta->is_closed());
        }
    }
    CHECK(eventually([&] { return milter.open_descriptors() <= before; }));
}

TEST_CASE("parallel connections are judged each alone") {
    const MilterProcess milter;
    constexpr int kConnections = 16, kMails = 10;
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int c = 0; c < kConnections; ++c)
        threads.emplace_back([&, c] {
            FakeMta mta = milter.mta();
            for (int m = 0; m < kMails; ++m)
                if (mta.send(numbered(c * 100 + m)).is_accepted() == false) wrong.fetch_add(1);
        });
    for (auto& thread : threads) thread.join();
    CHECK(wrong == 0);
    const auto records = milter.journal(kConnections * kMails);
    REQUIRE(records.size() == kConnections * kMails);
    for (const auto& record : records) {
        const std::string n = record.queue_id.substr(2);
        CHECK(record.mail_from == "sender" + n + "@partner.example");
        CHECK(record.rcpts == std::vector<std::string>{"reader" + n + "@site.example"});
    }
}

TEST_CASE("the command line's own answers") {
    const TempDir directory;
    CHECK(MilterProcess::run({"--version"}, directory).exit_code == 0);
    CHECK(MilterProcess::run({"--version"}, directory).output.rfind("kith-milter ", 0) == 0);
    CHECK(MilterProcess::run({"--no-such-option"}, directory).exit_code == 64);
    CHECK(MilterProcess::run({"--config", directory.file("missing.yaml"), "--check"}, directory)
              .exit_code == 78);
    const std::string config = directory.write("bad.yaml", "mode: tag\nmilter:\n  sockett: x\n");
    std::filesystem::permissions(
        config, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto bad = MilterProcess::run({"--config", config, "--check"}, directory);
    CHECK(bad.exit_code == 78);
    CHECK(bad.output.find("milter.sockett") != std::string::npos);
}

}  // namespace
}  // namespace kith::test
