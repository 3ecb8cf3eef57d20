// SPDX-License-Identifier: Apache-2.0
// Which mails were imported, remembered across runs that end in any way.
#include "engine/admin/import_ledger.hpp"

#include "engine/journal/mail_record.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::TempDir;

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
