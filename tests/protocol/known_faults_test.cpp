// SPDX-License-Identifier: Apache-2.0
// Faults that other milters had (tests/known-faults.md), each looked for in the built kith-milter.
// Those that a test about something else shows are named there.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/fake_mta.hpp"
#include "tests/support/misbehaviour.hpp"

namespace kith::test {
namespace {

FakeMail with_queue_id(std::string id) {
    FakeMail mail;
    mail.queue_id = std::move(id);
    return mail;
}

TEST_CASE("PROTO-02: a mail before which neither CONNECT nor HELO came is judged") {
    MilterProcess milter;
    const MtaOffer offer = GENERATE(MtaOffer{}, MtaOffer::version2());
    auto mta = FakeMta::connect(milter.socket());
    REQUIRE(mta);
    REQUIRE(mta->negotiate(offer));
    CHECK(mta->send({}).is_accepted());
    CHECK(mta->send({}).is_accepted());
    const auto records = milter.journal(2);
    REQUIRE(records.size() == 2);
    CHECK(records[0].client_addr.empty());
    CHECK(records[0].helo.empty());
    CHECK(milter.is_running());
}

TEST_CASE(
    "PROTO-12: login or none, client of any family, reader inside or outside: all are judged") {
    const MilterProcess milter;
    struct Client {
        char family;
        const char* address;
    };
    std::size_t sent = 0;
    for (const Client client : {Client{'4', "192.0.2.9"}, Client{'6', "2001:db8::9"},
                                Client{'L', "/run/x"}, Client{'U', ""}})
        for (const char* login : {"", "ben"})
            for (const char* sender : {"<>", "<ben@site.example>", "<anna@partner.example>"})
                for (const char* reader : {"<cy@site.example>", "<dora@far.example>"}) {
                    CAPTURE(client.family, login, sender, reader);
                    auto mta = FakeMta::connect(milter.socket());
                    REQUIRE(mta);
                    REQUIRE(mta->negotiate());
                    mta->connection("c.example", client.family, client.address);
                    mta->helo("c.example");
                    FakeMail mail;
                    mail.login = login;
                    mail.sender = sender;
                    mail.recipients = {reader};
                    CHECK(mta->send(mail).is_accepted());
                    ++sent;
                }
    const auto records = milter.journal(sent);
    CHECK(records.size() == sent);
    CHECK(std::count_if(records.begin(), records.end(), [](const MailRecord& r) {
              return r.auth_user == "ben";
          }) == static_cast<std::ptrdiff_t>(sent / 2));
    CHECK(milter.log_lines_with("internal failure") == 0);
}

TEST_CASE(
    "PROTO-13: started without standard descriptors it writes no log into a client's socket") {
    const MilterProcess template_only;  // for a configuration and its directories
    const std::string config = template_only.config_file();
    const std::string socket = "unix:" + template_only.directory().file("other.sock");
    ChildProcess child([&] {
        for (const int fd : {0, 1, 2}) ::close(fd);
        ::execl(std::getenv("KITH_MILTER_PROGRAM"), "kith-milter", "--stderr", "--config",
                config.c_str(), "--socket", socket.c_str(), nullptr);
        return 127;
    });
    REQUIRE(eventually([&] { return FakeMta::connect(socket).has_value(); }));
    // Otherwise the first files and sockets have their numbers, and get what is logged.
    for (const char* fd : {"0", "1", "2"})
        CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(child.pid()) + "/fd/" + fd) ==
              "/dev/null");
    for (int i = 0; i < 5; ++i) {
        auto mta = FakeMta::connect(socket);
        REQUIRE(mta);
        // Each of these is logged; a byte of it among the answers would not parse.
        CHECK(mta->deliver(with_queue_id("4Q" + std::to_string(i)), {}).is_accepted());
        CHECK(mta->send({}).is_accepted());
    }
}

TEST_CASE("PROTO-17: after a temporary failure and RSET each command has exactly one answer") {
    const MilterProcess milter(delaying_setup());
    learn_for(milter);
    FakeMail mail = delayed_mail();
    FakeMta mta = milter.mta(MtaOffer::version2());
    const EomAnswer delayed = mta.send(mail);
    REQUIRE(delayed.final == 'y');
    CHECK(delayed.text.rfind("451 4.7.1 ", 0) == 0);
    // In version 2 everything is answered: one answer too many would be taken for the next one's.
    mta.abort();
    CHECK(mta.helo("again.example") == 'c');
    CHECK(mta.mail("<carl@partner.example>") == 'c');
    CHECK(mta.rcpt("<ben@site.example>") == 'c');
    CHECK(mta.header("Subject", " plan") == 'c');
    CHECK(mta.end_of_headers() == 'c');
    CHECK(mta.body("Hello\r\n") == 'c');
    const EomAnswer next = mta.end_of_message({{"i", "4NEXT"}});
    CHECK(next.final == 'c');
    CHECK(next.text.empty());  // the 451's text is not used again
    mta.quit();
    CHECK(mta.is_closed());
}

TEST_CASE("FP-23: a mail that is delayed has one action, and one line in the log that says why") {
    const MilterProcess milter(delaying_setup());
    learn_for(milter);
    FakeMail mail = delayed_mail();
    mail.queue_id = "4DELAYED";
    FakeMta mta = milter.mta();
    REQUIRE(mta.send(mail).final == 'y');
    REQUIRE(milter.logs("4DELAYED: id="));
    const std::string log = milter.log();
    CHECK(milter.log_lines_with("4DELAYED") == 1);
    const std::size_t at = log.find("4DELAYED: id=");
    const std::string line = log.substr(at, log.find('\n', at) - at);
    CAPTURE(line);
    CHECK(line.find(" verdict=tempfail ") != std::string::npos);
    CHECK(line.find(" action=deferred ") != std::string::npos);
    CHECK(line.find(" reason=") != std::string::npos);
}

TEST_CASE(
    "PROTO-29: an order to stop under traffic is a clean end, however many clients there are") {
    for (int round = 0; round < 5; ++round) {
        MilterProcess milter;
        std::atomic<bool> stop{false};
        std::atomic<int> accepted{0};
        std::vector<std::thread> clients;
        for (int c = 0; c < 8; ++c)
            clients.emplace_back([&] {
                while (!stop) {
                    auto mta = FakeMta::connect(milter.socket(), std::chrono::milliseconds(1000));
                    if (mta && mta->deliver({}, {}).is_accepted()) accepted.fetch_add(1);
                }
            });
        CHECK(eventually([&] { return accepted > 20; }));
        milter.signal(SIGTERM);
        CHECK(milter.wait_for_exit() == 0);
        stop = true;
        for (auto& client : clients) client.join();
    }
}

TEST_CASE("PARSE-31: mail with ARC fields, sound and broken, is judged") {
    MilterProcess milter;
    FakeMta mta = milter.mta();
    const std::string b64(6000, 'Q');
    const std::vector<NamedValues> sets = {
        {{"ARC-Seal",
          " i=1; a=rsa-sha256; t=1700000000; cv=none; d=lists.example; s=s1;\n\tb=" + b64},
         {"ARC-Message-Signature",
          " i=1; a=rsa-sha256; c=relaxed/relaxed; d=lists.example; b=" + b64},
         {"ARC-Authentication-Results", " i=1; lists.example; dkim=pass header.d=a.example"}},
        {{"ARC-Authentication-Results", " i=1; lists.example; (null)=pass"}},
        {{"ARC-Seal", " i=;;; b="}, {"ARC-Seal", ""}, {"ARC-Seal", " " + std::string(60000, ';')}},
        NamedValues(500, {"ARC-Seal", " i=99999999999999999999; cv=fail; d=\xff"}),
    };
    for (const NamedValues& set : sets)
        for (int times = 0; times < 3; ++times) {  // a mail that ends the filter would come again
            FakeMail mail;
            mail.headers.insert(mail.headers.begin(), set.begin(), set.end());
            CHECK(mta.send(mail).is_accepted());
        }
    CHECK(milter.is_running());
    CHECK(milter.log_lines_with("verdict=none") == 0);
}

TEST_CASE("RES-05: without a descriptor to be had large mail is judged by its beginning") {
    MilterSetup setup;
    setup.max_descriptors = 48;
    MilterProcess milter(setup);
    FakeMta first = milter.mta();
    std::vector<FakeMta> idle;
    for (int i = 0; i < 60; ++i) {
        auto mta = FakeMta::connect(milter.socket());
        REQUIRE(mta);
        idle.push_back(std::move(*mta));
    }
    REQUIRE(eventually([&] { return milter.open_descriptors() >= 47; }));
    FakeMail large;
    large.body.assign(3U << 20, 'x');
    CHECK(first.send(large).is_accepted());
    CHECK(milter.logs("spool: a large mail was judged by its beginning"));
    idle.clear();
    FakeMta next = milter.mta();
    CHECK(next.send(large).is_accepted());
    CHECK(milter.is_running());
}

TEST_CASE("RES-08: memory does not grow with mail, whole, given up or broken off") {
    // The sanitizer keeps freed memory for a while; less of it than what a leak would be.
    const char* options = std::getenv("ASAN_OPTIONS");
    const std::string before = options == nullptr ? "" : options;
    ::setenv("ASAN_OPTIONS", (before + ":quarantine_size_mb=4").c_str(), 1);
    const MilterProcess milter;
    ::setenv("ASAN_OPTIONS", before.c_str(), 1);
    const auto traffic = [&](int rounds) {
        FakeMail mail;
        mail.body.assign(40000, 'x');
        for (int round = 0; round < rounds; ++round) {
            FakeMta mta = milter.mta();
            CHECK(mta.send(mail).is_accepted());
            mta.send_up_to_body(mail);
            mta.abort();
            CHECK(mta.send(mail).is_accepted());
            mta.send_up_to_body(mail);
            mta.reset();
        }
    };
    traffic(150);
    const std::size_t warm = milter.resident_kb();
    REQUIRE(warm > 0);
    traffic(300);
    // 1,200 mails of 40 KB: keeping half of any kind of them would be 12 MB.
    CHECK(milter.resident_kb() < warm + 8000);
}

TEST_CASE("RES-11: a mail with many recipients is judged, logged and recorded once") {
    const MilterProcess milter;
    FakeMta mta = milter.mta();
    FakeMail mail = with_queue_id("4MANY");
    mail.recipients.clear();
    for (int i = 0; i < 200; ++i)
        mail.recipients.push_back("<reader" + std::to_string(i) + "@site.example>");
    const EomAnswer answer = mta.send(mail);
    CHECK(std::count_if(answer.inserted.begin(), answer.inserted.end(),
                        [](const auto& header) { return header.name == "X-Kith-Score"; }) == 1);
    REQUIRE(mta.send(with_queue_id("4NEXT")).is_accepted());
    REQUIRE(milter.logs("4NEXT: id="));
    CHECK(milter.log_lines_with("4MANY: ") == 1);
    const auto records = milter.journal(2);
    REQUIRE(records.size() == 2);
    CHECK(records[0].rcpts.size() == 200);
}

TEST_CASE("CFG-07: the socket is for user and group whatever the umask") {
    MilterSetup setup;
    setup.umask = GENERATE(as<int>(), 0, 0022, 0077, 0177);
    const MilterProcess milter(setup);
    struct stat status {};
    REQUIRE(::stat(milter.directory().file("k.sock").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
}

}  // namespace
}  // namespace kith::test
