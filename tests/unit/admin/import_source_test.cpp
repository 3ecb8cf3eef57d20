// SPDX-License-Identifier: Apache-2.0
// Messages in Maildirs and mbox files.
#include "engine/admin/import_source.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::TempDir;

namespace {

std::vector<std::string> all(const MailSource& source) {
    std::vector<std::string> out;
    for (const SourceMail& m : source.mails) out.push_back(read_mail(source, m, 1 << 20).value());
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("an mbox is cut at its separators, and only there") {
    const TempDir dir;
    const std::string file =
        dir.write("box",
                  "From anna@supplier.example Sun Mar  1 12:00:00 2026\n"
                  "Subject: one\n\nFrom the start.\n\nFrom here on: no separator\n>From quoted\n\n"
                  "From MAILER-DAEMON Sun Mar  1 12:00:01 UTC 2026\n"
                  "Subject: two\n\nbody without end");
    const MailSource source = open_mbox(file).value();
    CHECK(all(source) ==
          Texts{"Subject: one\n\nFrom the start.\n\nFrom here on: no separator\nFrom quoted\n",
                "Subject: two\n\nbody without end"});
    CHECK(source.mails[0].mbox_sender == "anna@supplier.example");
    CHECK(to_unix(source.mails[0].fallback) == 1772366400);
    CHECK(source.mails[1].mbox_sender.empty());
    CHECK(to_unix(source.mails[1].fallback) == 1772366401);
}

TEST_CASE("mbox separators with CRLF, and lines of any length") {
    const TempDir dir;
    const std::string line(3 << 20, 'x');
    const std::string file =
        dir.write("box", "From a@b.example Sun Mar  1 12:00:00 2026\r\nA: b\r\n\r\n" + line +
                             "\r\n\r\nFrom a@b.example Sun Mar  1 12:00:00 2026\r\nA: c\r\n\r\n");
    const MailSource source = open_mbox(file).value();
    REQUIRE(source.mails.size() == 2);
    CHECK(source.mails[0].length == 8 + line.size() + 2);
    CHECK(read_mail(source, source.mails[0], 100).value().size() == 100);
}

TEST_CASE("what is no mbox is refused; an empty one holds nothing") {
    const TempDir dir;
    CHECK(open_mbox(dir.file("none")).error().code == ErrorCode::NoInput);
    CHECK(open_mbox(dir.write("mail", "Subject: x\n\nx\n")).error().code == ErrorCode::Corrupt);
    CHECK(open_mbox(dir.write("empty", "")).value().mails.empty());
}

TEST_CASE("a Maildir is read with its subfolders, without tmp and dot files") {
    const TempDir dir;
    dir.write("cur/1:2,S", "Subject: cur\n\n");
    dir.write("new/2", "Subject: new\n\n");
    dir.write("tmp/3", "Subject: tmp\n\n");
    dir.write("cur/.hidden", "x");
    dir.write(".Sent/cur/4", "Subject: sent\n\n");
    dir.write(".NoFolder/5", "x");
    Texts texts = all(open_maildir(dir.str()).value());
    std::sort(texts.begin(), texts.end());
    CHECK(texts == Texts{"Subject: cur\n\n", "Subject: new\n\n", "Subject: sent\n\n"});
    CHECK(open_maildir(dir.file("none")).error().code == ErrorCode::NoInput);
    CHECK(open_maildir(dir.file("tmp")).error().code == ErrorCode::NoInput);
}

TEST_CASE("a mail that is moved between listing and reading is an error of that mail only") {
    const TempDir dir;
    dir.write("cur/1", "x");
    const MailSource source = open_maildir(dir.str()).value();
    std::filesystem::remove(dir.path() / "cur/1");
    CHECK(read_mail(source, source.mails[0], 10).error().code == ErrorCode::NoInput);
}
