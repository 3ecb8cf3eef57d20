// SPDX-License-Identifier: Apache-2.0
// Lines of Dovecot's log (engine/intake/log_line_reader.hpp), as Dovecot 2.3.19, syslog and
// journalctl write them.
#include "engine/intake/log_line_reader.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

const Hasher kHasher{Hasher::Secret{1}};
const Time kNow = from_unix(1795996800);  // 2026-11-30T00:00:00Z
const LogContext kContext{kNow, Seconds(0), [](std::string_view) { return &kHasher; }};

std::vector<ToldEvent> read(const std::string& line) { return read_log_line(line, kContext); }
AccountEvent one(const std::string& line) {
    const auto all = read(line);
    INFO(line);
    REQUIRE(all.size() == 1);
    return all.front().event;
}

}  // namespace

TEST_CASE("a login") {
    const AccountEvent e =
        one("Nov 29 23:58:50 imap-login: Info: Login: user=<Anna@example.com>, method=PLAIN, "
            "rip=127.0.0.7, lip=127.0.0.1, mpid=23239, TLS, session=<FBoiE3NhdY9/AAAH>");
    CHECK(e.kind == AccountEventKind::Login);
    CHECK(e.account == "anna@example.com");
    CHECK(e.service == "imap");
    CHECK(e.mechanism == "PLAIN");
    CHECK(e.client_addr == "127.0.0.7");
    CHECK(e.session == "FBoiE3NhdY9/AAAH");
    CHECK(e.tls == "TLS");
    CHECK(e.id == "login/FBoiE3NhdY9/AAAH");
    CHECK(to_unix(e.time) == 1795996730);
}

TEST_CASE("failures count their attempts, without a bound that somebody else sets") {
    AccountEvent e =
        one("Nov 29 23:58:52 imap-login: Info: Disconnected: Connection closed (auth failed, 3 "
            "attempts in 2 secs): user=<anna@example.com>, method=PLAIN, rip=127.0.0.8, "
            "lip=127.0.0.1, session=<x>");
    CHECK(e.kind == AccountEventKind::LoginFailed);
    CHECK(e.repeats == 3);
    e =
        one("Nov 29 23:58:52 pop3-login: Info: Aborted login (auth failed, 99999999999 attempts): "
            "user=<a>, rip=::1");
    CHECK(e.repeats == 1000);
    CHECK(read("Nov 29 23:58:52 imap-login: Info: Disconnected (no auth attempts in 0 secs): "
               "user=<>, rip=127.0.0.8")
              .empty());
    CHECK(read("Nov 29 23:58:52 imap-login: Info: Disconnected (auth failed, 1 attempts): user=<>, "
               "rip=127.0.0.8")
              .empty());
}

TEST_CASE("the stamps of syslog and journalctl, and their host") {
    const std::string rest =
        "imap-login: Login: user=<anna>, method=PLAIN, rip=127.0.0.7, session=<s>";
    AccountEvent e = one("Nov 29 23:58:50 Mail1 dovecot: " + rest);
    CHECK(e.host == "mail1");
    CHECK(to_unix(e.time) == 1795996730);
    e = one("Nov 29 23:58:50 mail1 dovecot[123]: " + rest);
    CHECK(e.account == "anna");
    e = one("2026-11-30T00:58:50.123456+01:00 mail1 dovecot: " + rest);
    CHECK(to_unix(e.time) == 1795996730);
    e = one("2026-11-29T23:58:50+0000 mail1 dovecot[123]: " + rest);
    CHECK(to_unix(e.time) == 1795996730);
    // Local time, and a year that is not said.
    const auto local =
        read_log_line("Nov 30 00:58:50 mail1 dovecot: " + rest, {kNow, Seconds(3600), {}});
    CHECK(to_unix(local.at(0).event.time) == 1795996730);
    e = read_log_line("Dec 31 23:59:59 mail1 dovecot: " + rest,
                      {from_unix(1798761610), Seconds(0), {}})
            .at(0)
            .event;
    CHECK(iso8601(e.time) == "2026-12-31T23:59:59Z");
}

TEST_CASE("the end of a session that read mail is two events") {
    auto all = read(
        "Nov 29 23:58:25 imap(anna@example.com)<22839><j/mkEXNhvYB/AAAH>: Info: Disconnected: "
        "Connection closed (SETACL finished 0.007 secs ago) in=579 out=2126 deleted=2 expunged=2 "
        "trashed=0 hdr_count=0 hdr_bytes=0 body_count=3 body_bytes=186");
    REQUIRE(all.size() == 2);
    CHECK(all[0].event.kind == AccountEventKind::Read);
    CHECK(all[0].event.messages == 3);
    CHECK(all[0].event.bytes == 186);
    CHECK(all[1].event.kind == AccountEventKind::SessionEnd);
    CHECK(all[1].event.session == "j/mkEXNhvYB/AAAH");
    CHECK(all[0].event.id != all[1].event.id);
    all = read(
        "Nov 29 23:58:58 pop3(bob@example.com)<23292><APqXE3NhiKd/AAAB>: Info: Disconnected: "
        "Logged out top=0/0, retr=2/186, del=0/0, size=0");
    REQUIRE(all.size() == 2);
    CHECK(all[0].event.messages == 2);
    CHECK(all[0].event.bytes == 186);
    CHECK(read("Nov 29 23:58:58 pop3(bob@example.com)<1><s>: Info: Disconnected: Logged out "
               "top=0/0, retr=0/0, del=0/0, size=0")
              .size() == 1);
}

TEST_CASE("what mail_log tells: copies, expunges with Message-IDs, mailboxes") {
    const std::string prefix = "Nov 29 23:58:25 imap(anna@example.com)<22839><s>: Info: ";
    AccountEvent e = one(prefix + "expunge: box=INBOX, uid=2, msgid=<m1@x.example>, size=57");
    CHECK(e.kind == AccountEventKind::Delete);
    CHECK(e.mailbox == "INBOX");
    CHECK(e.bytes == 57);
    CHECK(e.message_ids == std::vector<std::uint64_t>{kHasher.hash64("mid", "m1@x.example")});
    e = one(prefix + "copy from INBOX: box=Hidden, uid=1, msgid=<m0@x.example>, size=57");
    CHECK(e.kind == AccountEventKind::Copy);
    CHECK(e.mailbox == "INBOX");
    CHECK(e.to_mailbox == "Hidden");
    CHECK(one(prefix + "copy from INBOX: box=Trash, uid=1, msgid=<m0@x.example>").kind ==
          AccountEventKind::Delete);
    e = one(prefix + "Mailbox renamed: Hidden -> Hidden2");
    CHECK(e.kind == AccountEventKind::Folder);
    CHECK(e.mailbox == "Hidden");
    CHECK(e.detail == "renamed to Hidden2");
    CHECK(one(prefix + "Mailbox created: Hidden").detail == "created");
    CHECK(read(prefix + "delete: box=INBOX, uid=1, msgid=<m0@x.example>, size=57").empty());
}

TEST_CASE("a user that writes into the log writes no other event") {
    // Dovecot itself escapes line ends; what is left is text within <>.
    const AccountEvent e =
        one("Nov 29 23:58:52 imap-login: Info: Disconnected: x (auth failed, 1 attempts in 2 "
            "secs): user=<a, rip=9.9.9.9, method=EVIL>, method=PLAIN, rip=127.0.0.8, session=<s>");
    CHECK(e.kind == AccountEventKind::LoginFailed);
    CHECK(e.account == "a, rip=9.9.9.9, method=evil");
    CHECK(e.client_addr == "127.0.0.8");
    CHECK(e.mechanism == "PLAIN");
    const AccountEvent closed = one(
        "Nov 29 23:58:52 imap-login: Info: Disconnected: x (auth failed, 1 attempts in 2 secs): "
        "user=<a>, method=EVIL, rip=9.9.9.9, x=<>, method=PLAIN, rip=127.0.0.8, session=<s>");
    CHECK(closed.account == "a>, method=evil, rip=9.9.9.9, x=<");
    CHECK(closed.client_addr == "127.0.0.8");
}

TEST_CASE("other lines, broken and long ones tell nothing") {
    for (const char* line :
         {"", " ", "Nov", "Nov 29 23:58:50", "Nov 29 23:58:50 ",
          "Foo 29 23:58:50 imap-login: Info: Login: user=<a>",
          "Nov 31 23:58:50 imap-login: Info: Login: user=<a>", "Nov 29 23:58:50 imap(",
          "Nov 29 23:58:50 imap()<>: x", "Nov 29 23:58:50 postfix/smtpd[1]: connect from x", "9",
          "2026-11-29T23:58:50Z",
          "Nov 29 23:58:50 imap-login: ", "Nov 29 23:58:50 imap(a)<1><s>: Info: copy from ",
          "Nov 29 23:58:50 imap(a)<1><s>: Info: Mailbox "}) {
        INFO(line);
        CHECK(read(line).empty());
    }
    std::string line = "Nov 29 23:58:50 imap-login: Info: Login: user=<a>, rip=1.2.3.4 ";
    line.resize(kMaxLogLine, 'x');
    CHECK(read(line).size() == 1);
    CHECK(read(line + "x").empty());
}
