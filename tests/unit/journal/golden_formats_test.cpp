// SPDX-License-Identifier: Apache-2.0
// Old bytes that every release must still read: tests/golden/formats/. They were written once by
// the release that brought the format, from synthetic records, and are never written again.
#include <fstream>
#include <iterator>

#include "engine/journal/cut_record.hpp"
#include "tests/unit/journal/account_event_builder.hpp"
#include "tests/unit/journal/journal_builder.hpp"
#include "tests/unit/journal/mail_record_builder.hpp"
#include "tests/unit/journal/mail_record_checks.hpp"

using namespace kith;
using namespace kith::test;

namespace {

std::string old_bytes(const char* name) {
    std::ifstream in(std::string(KITH_SOURCE_DIR "/tests/golden/formats/") + name,
                     std::ios::binary);
    if (!in) FAIL("cannot read " << name);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// With the fields that had come until mail-record-v1-5.bin.
MailRecord record_v1_5() {
    MailRecord r = full_record();
    r.tls_version.clear();
    r.cipher.clear();
    return r;
}

// With the fields that had come until mail-record-v1-4.bin.
MailRecord record_v1_4() {
    MailRecord r = record_v1_5();
    r.place = {};
    return r;
}

// With the fields that had come until mail-record-v1-3.bin.
MailRecord record_v1_3() {
    MailRecord r = record_v1_4();
    r.assessment.account_risk = 0;
    return r;
}

// With the fields that had come until mail-record-v1-2.bin.
MailRecord record_v1_2() {
    MailRecord r = record_v1_3();
    r.own = false;
    r.assessment.known = {};
    r.assessment.models.clear();
    r.assessment.decided_by.clear();
    r.assessment.notify = false;
    return r;
}

// What the old bytes were made of. A field that is added to full_record() later gets its default
// here.
MailRecord record_v1() {
    MailRecord r = record_v1_2();
    r.observations.name_labels.clear();
    r.observations.rcpt_domains.clear();
    r.observations.kind = MailKind::Person;
    r.observations.marks = 0;
    r.observations.account = {};
    r.observations.attached_payment.clear();
    r.observations.attached_phones.clear();
    r.attached_only = false;
    r.other_filters.clear();
    for (auto& link : r.observations.links) link.asks = 0;
    return r;
}

}  // namespace

TEST_CASE("mail-record-v1.bin still gives the record it was made of") {
    const auto record = decode_mail_record(old_bytes("mail-record-v1.bin"));
    REQUIRE(record);
    check_equal(record_v1(), *record);
}

TEST_CASE("mail-record-v1-2.bin, with the fields that came since, still gives its record") {
    const auto record = decode_mail_record(old_bytes("mail-record-v1-2.bin"));
    REQUIRE(record);
    check_equal(record_v1_2(), *record);
}

TEST_CASE("mail-record-v1-3.bin, with models and kith's own mail, still gives its record") {
    const auto record = decode_mail_record(old_bytes("mail-record-v1-3.bin"));
    REQUIRE(record);
    check_equal(record_v1_3(), *record);
}

TEST_CASE("mail-record-v1-4.bin, with the risk of accounts, still gives its record") {
    const auto record = decode_mail_record(old_bytes("mail-record-v1-4.bin"));
    REQUIRE(record);
    check_equal(record_v1_4(), *record);
}

TEST_CASE("mail-record-v1-5.bin, with the place of the client, still gives its record") {
    const auto record = decode_mail_record(old_bytes("mail-record-v1-5.bin"));
    REQUIRE(record);
    check_equal(record_v1_5(), *record);
}

TEST_CASE("mail-record-v1-6.bin, with TLS version and cipher, still gives its record") {
    const auto record = decode_mail_record(old_bytes("mail-record-v1-6.bin"));
    REQUIRE(record);
    check_equal(full_record(), *record);
}

TEST_CASE("a recipient is taken out of each old record, which keeps its room and all else") {
    const auto [name, whole] = GENERATE(table<const char*, MailRecord>({
        {"mail-record-v1.bin", record_v1()},
        {"mail-record-v1-2.bin", record_v1_2()},
        {"mail-record-v1-3.bin", record_v1_3()},
        {"mail-record-v1-4.bin", record_v1_4()},
        {"mail-record-v1-5.bin", record_v1_5()},
        {"mail-record-v1-6.bin", full_record()},
    }));
    CAPTURE(name);
    const std::string bytes = old_bytes(name);
    const auto left =
        cut_mail_record(bytes, {[](const std::string& rcpt) { return rcpt == "two@site.example"; },
                                key_of(60), 99, [](const std::string& text) { return text; }});
    REQUIRE(left);
    CHECK(left->size() == bytes.size());
    MailRecord wanted = whole;
    wanted.rcpts = {"one@site.example"};
    wanted.observations.rcpts = {key_of(40)};
    wanted.observations.rcpt_set = 99;
    check_equal(wanted, must(decode_mail_record(*left)));
}

TEST_CASE("account-event-v1.bin still gives the event it was made of") {
    const auto event = decode_account_event(old_bytes("account-event-v1.bin"));
    REQUIRE(event);
    AccountEvent v1 = full_event();
    v1.place = {};
    check_equal(v1, *event);
}

TEST_CASE("account-event-v1-2.bin, with the place of the client, still gives its event") {
    const auto event = decode_account_event(old_bytes("account-event-v1-2.bin"));
    REQUIRE(event);
    check_equal(full_event(), *event);
}

TEST_CASE("journal-v1.bin still gives its records, as a plain segment and as a compressed one") {
    const TempDir dir;
    const auto options = options_in(dir);
    if (GENERATE(true, false))
        dir.write("journal/0000000007.kj", old_bytes("journal-v1.bin"));
    else
        dir.write("journal/0000000007.kj.zst", old_bytes("journal-v1-zst.bin"));
    auto reader = must(JournalReader::open(options));
    const auto mail = must(reader->next());
    REQUIRE(mail);
    CHECK(mail->type == RecordType::Mail);
    CHECK(mail->time == from_unix(1'700'000'222));
    CHECK(mail->position == JournalPosition{7, 32});
    check_equal(record_v1(), must(decode_mail_record(mail->payload)));
    const auto release = must(reader->next());
    REQUIRE(release);
    CHECK(release->type == RecordType::Release);
    const auto admin = must(decode_admin_record(release->payload));
    CHECK(admin.id == "abcdefgh234567ab");
    CHECK(admin.learn);
    CHECK(admin.who == "postmaster");
    CHECK(admin.why == "asked by phone");
    const auto note = must(reader->next());
    REQUIRE(note);
    CHECK(note->type == RecordType::Note);
    CHECK(note->time == from_unix(-1));
    CHECK(note->payload == "a note");
    CHECK_FALSE(must(reader->next()));
    CHECK(reader->damaged_bytes() == 0);
}
