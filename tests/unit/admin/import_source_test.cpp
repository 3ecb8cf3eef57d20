// SPDX-License-Identifier: Apache-2.0
// Messages in Maildirs and mbox files.
#include "engine/admin/import_source.hpp"

#include <algorithm>

#include "engine/admin/import_ledger.hpp"
#include "engine/journal/mail_record.hpp"
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

TEST_CASE("the ledger remembers, and learns from the journal what it did not get to note") {
    const TempDir dir;
    JournalOptions journal;
    journal.directory = dir.file("journal");
    std::filesystem::create_directories(journal.directory);
    auto writer = JournalWriter::open(journal).value();
    MailRecord mail;
    mail.imported = true;
    mail.id = "aaaaaaaaaaaaaaaa";
    const JournalPosition first =
        writer->append(RecordType::Mail, from_unix(1), encode(mail)).value();
    {
        ImportLedger ledger = ImportLedger::open(dir.file("l"), journal).value();
        CHECK(ledger.has("aaaaaaaaaaaaaaaa"));
        // Noted by nobody else: lives in the file alone.
        ledger.add("bbbbbbbbbbbbbbbb");
        REQUIRE(ledger.save(first));
        CHECK(ImportLedger::open(dir.file("l"), journal).error().code == ErrorCode::TryAgain);
    }
    mail.id = "cccccccccccccccc";
    REQUIRE(writer->append(RecordType::Mail, from_unix(1), encode(mail)));
    mail.imported = false;
    mail.id = "dddddddddddddddd";
    REQUIRE(writer->append(RecordType::Mail, from_unix(1), encode(mail)));
    {
        const ImportLedger ledger = ImportLedger::open(dir.file("l"), journal).value();
        CHECK(ledger.size() == 3);
        CHECK(ledger.has("bbbbbbbbbbbbbbbb"));
        CHECK(ledger.has("cccccccccccccccc"));
        CHECK_FALSE(ledger.has("dddddddddddddddd"));  // seen live, not imported
    }
    // A damaged file is built anew from the journal.
    const std::string good = dir.read("l");
    for (const std::string& bad : {good.substr(0, good.size() - 1),
                                   std::string("KITHIMP2") + good.substr(8), std::string()}) {
        dir.write("l", bad);
        const ImportLedger ledger = ImportLedger::open(dir.file("l"), journal).value();
        CHECK(ledger.size() == 2);
        CHECK(ledger.has("aaaaaaaaaaaaaaaa"));
    }
}
