// SPDX-License-Identifier: Apache-2.0
// An address is erased: from the journal's records, from the store, in either order, and nothing of
// anybody else goes.
#include "engine/learner/erase.hpp"

#include "engine/assess/delay.hpp"
#include "engine/base/text.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/journal/mail_record_generated.h"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr const char* kAnna = "anna@partner.example";

/// What the milter would have journalled, with names in plain as well.
MailRecord mail(const std::string& from, const std::vector<std::string>& rcpts, double at,
                Action action = Action::Accepted) {
    Mail m(from, day(at));
    m.says("about the order of next week and the flange");
    m.get().rcpts.clear();
    for (const auto& rcpt : rcpts) m.get().rcpts.push_back(person(rcpt));
    std::sort(m.get().rcpts.begin(), m.get().rcpts.end());
    m.get().name = test_hasher().hash64("name", from);
    MailRecord r = record_of(m, action);
    r.from = r.mail_from = from;
    r.rcpts = rcpts;
    return r;
}

std::optional<std::string> erase_one(const MailRecord& m) {
    JournalEraser eraser(kAnna, test_hasher());
    JournalRecord record;
    record.type = RecordType::Mail;
    record.payload = encode(m);
    return eraser(record);
}

/// As `kith privacy erase` does it.
JournalEraser::Count erase_in_journal(const LearnerSite& site, JournalPosition before) {
    JournalEraser eraser(kAnna, test_hasher());
    must(redact_journal(site.config.journal, {0, before, std::nullopt},
                        [&](const JournalRecord& r) { return eraser(r); }));
    return eraser.count();
}

JournalPosition order_to_erase(const LearnerSite& site, double at) {
    AdminRecord order;
    order.id = address_id(person(kAnna));
    auto writer = must(JournalWriter::open(site.config.journal));
    const auto where = must(writer->append(RecordType::Erase, day(at), encode(order)));
    REQUIRE(writer->close_segment());
    return where;
}

std::vector<MailRecord> records(const LearnerSite& site) {
    std::vector<MailRecord> out;
    auto reader = must(JournalReader::open(site.config.journal));
    while (auto record = must(reader->next()))
        if (record->type == RecordType::Mail)
            out.push_back(must(decode_mail_record(record->payload)));
    CHECK(reader->damaged_bytes() == 0);
    return out;
}

/// Bytes of the store in which something of the address is found.
std::vector<std::string> traces_of(const LearnerSite& site, const std::string& address) {
    std::vector<std::string> out;
    const Key16 key = person(address);
    const auto look = [&](Table t, const std::string& k, const std::string& v) {
        if (v.find(address) != std::string::npos || v.find(key.view()) != std::string::npos)
            out.push_back(std::to_string(static_cast<int>(t)) + " " + k);
    };
    for (int t = 0; t < kTableCount; ++t)
        for (const auto& [k, v] : site.rows(static_cast<Table>(t)))
            look(static_cast<Table>(t), k, v);
    for (const auto& [k, v] : site.rows(Table::Threads)) {
        const auto thread = k.starts_with('t') ? decode_thread(v) : std::nullopt;
        if (thread && (contains(thread->participants, key.short32()) ||
                       contains(thread->addressed, key.short32())))
            out.push_back("thread");
    }
    for (const auto& [k, v] : site.rows(Table::Words)) {
        const auto vocabulary = decode_vocabulary(v);
        if (vocabulary && contains(vocabulary->recipients, key.short32()))
            out.push_back("recipients");
    }
    for (const auto& [k, v] : site.rows(Table::Names)) {
        const auto use = decode_name_use(v);
        if (use)
            for (const auto& bearer : use->bearers)
                if (bearer.address == key.short32()) out.push_back("name");
    }
    return out;
}

/// Anna writes, is written to, alone and with others; bob and ben have mail without her.
std::vector<MailRecord> life() {
    std::vector<MailRecord> out;
    for (int i = 0; i < 12; ++i) {
        out.push_back(mail(kAnna, {"ben@site.example"}, i));
        out.push_back(mail("bob@partner.example", {"ben@site.example", kAnna}, i + .1));
        out.push_back(mail("bob@partner.example", {kAnna}, i + .2));
        out.push_back(mail("bob@partner.example", {"ben@site.example"}, i + .3));
    }
    out.push_back(mail(kAnna, {"ben@site.example"}, 12.5, Action::Held));
    return out;
}

}  // namespace

TEST_CASE("a mail is all hers as sender, envelope sender, login or only recipient") {
    const Key16 anna = person(kAnna);
    const auto role = [&](const MailRecord& m) { return role_in(m, anna, test_hasher()); };
    MailRecord other = mail("bob@partner.example", {"ben@site.example"}, 1);
    CHECK(role(other) == Role::None);
    CHECK(role(mail(kAnna, {"ben@site.example"}, 1)) == Role::All);
    CHECK(role(mail("bob@partner.example", {kAnna}, 1)) == Role::All);
    CHECK(role(mail("bob@partner.example", {kAnna, "ben@site.example"}, 1)) == Role::Recipient);
    other.mail_from = "Anna@Partner.Example";
    CHECK(role(other) == Role::All);
    other.mail_from.clear();
    other.auth_user = kAnna;
    CHECK(role(other) == Role::All);
    other.auth_user.clear();
    other.observations.account = anna;
    CHECK(role(other) == Role::All);
    other.observations.account = {};
    other.from = kAnna;
    CHECK(role(other) == Role::All);
}

TEST_CASE("a mail to several only loses her, in hashes and in words, and fits where it was") {
    MailRecord m = mail("bob@partner.example", {"ben@site.example", kAnna, "cora@site.example"}, 1);
    m.assessment.reasons = {{"pair_history", 1, "first mail to Anna@partner.example in years"}};
    m.assessment.would_pass = "it would have passed without anna@partner.example";
    m.subject = "for anna@partner.example";
    const auto left = erase_one(m);
    REQUIRE(left);
    CHECK(left->size() == encode(m).size());
    const MailRecord without = must(decode_mail_record(*left + std::string(40, '\0')));
    CHECK(without.rcpts == std::vector<std::string>{"ben@site.example", "cora@site.example"});
    CHECK(without.observations.rcpts.size() == 2);
    CHECK(without.observations.rcpt_set != m.observations.rcpt_set);
    CHECK(without.assessment.reasons.at(0).text == "first mail to  in years");
    CHECK(ascii_lower(*left).find("anna@") == std::string::npos);
    CHECK(without.id == m.id);
    CHECK(without.observations.words.size() == m.observations.words.size());
    CHECK(role_in(without, person(kAnna), test_hasher()) == Role::None);
}

TEST_CASE("a record in which nobody wrote what came since loses a recipient and nothing else") {
    // As little as can be: encoded anew it would not fit where it lies.
    flatbuffers::FlatBufferBuilder b;
    const auto id = b.CreateString("abcdefgh234567ab");
    const auto rcpts = b.CreateVectorOfStrings({"b@s.example", kAnna});
    format::MailBuilder old(b);
    old.add_id(id);
    old.add_rcpts(rcpts);
    b.Finish(old.Finish(), "KJM1");
    JournalRecord record;
    record.type = RecordType::Mail;
    record.payload.assign(reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize());
    JournalEraser eraser(kAnna, test_hasher());
    const auto left = eraser(record);
    REQUIRE(left);
    CHECK(left->size() <= record.payload.size());
    CHECK(must(decode_mail_record(*left)).rcpts == std::vector<std::string>{"b@s.example"});
}

TEST_CASE(
    "others' rules that send mail to her lose her, in the journal and in what was told of them") {
    LearnerSite site;
    AccountEvent rule;
    rule.kind = AccountEventKind::RuleActivated;
    rule.account = "ben@site.example";
    rule.time = day(1);
    rule.rule.name = "out";
    rule.rule.understood = true;
    rule.rule.redirects = {kAnna, "zoe@else.example"};
    AccountEvent forward;
    forward.kind = AccountEventKind::Forward;
    forward.account = "cora@site.example";
    forward.time = day(1.1);
    forward.detail = kAnna;
    site.journal(RecordType::Account, rule.time, encode(rule));
    site.journal(RecordType::Account, forward.time, encode(forward));
    site.learn();
    const auto told = [&] {
        std::string all;
        for (const auto& [key, value] : site.rows(Table::Accounts)) all += value;
        return all;
    };
    REQUIRE(told().find(kAnna) != std::string::npos);
    const auto order = order_to_erase(site, 13);
    const auto count = erase_in_journal(site, order);
    site.learn();
    CHECK(count.events_of_others == 2);
    CHECK(count.events == 0);
    CHECK(told().find(kAnna) == std::string::npos);
    CHECK(told().find("ben@site.example") != std::string::npos);
    std::vector<AccountEvent> left;
    auto reader = must(JournalReader::open(site.config.journal));
    while (auto record = must(reader->next()))
        if (record->type == RecordType::Account)
            left.push_back(must(decode_account_event(record->payload)));
    REQUIRE(left.size() == 2);
    CHECK(left[0].rule.redirects == std::vector<std::string>{"zoe@else.example"});
    CHECK(left[0].rule.name == "out");
    CHECK(left[1].detail.empty());
    CHECK(erase_in_journal(site, order).events_of_others == 0);
}

TEST_CASE("an address is found in a text by its hash, whatever stands around it") {
    const auto cut = [](const std::string& text) {
        return without_address(text, person(kAnna), test_hasher());
    };
    CHECK(cut("to Anna@Partner.example, and others") == "to , and others");
    CHECK(cut("anna@partner.example") == "");
    CHECK(cut("mail for <anna@partner.example>: ask anna@partner.example.") ==
          "mail for <>: ask .");
    CHECK(cut("joanna@partner.example anna@partner.example.org anna") ==
          "joanna@partner.example anna@partner.example.org anna");
    CHECK(cut("") == "");
}

TEST_CASE("an address is named where it stands whole: parts of others' addresses are theirs") {
    const std::string anna = "anna@partner.example";
    for (const char* text :
         {"anna@partner.example", "sends mail to Anna@Partner.Example.", "<anna@partner.example>",
          "shared/anna@partner.example/INBOX", "'anna@partner.example'",
          "{\"to\":\"anna@partner.example\"}", "hanna@partner.example, anna@partner.example",
          "setacl user=anna@partner.example lr", "stolen by anna@partner.example!",
          "anna@partner.example?"}) {
        CAPTURE(text);
        CHECK(names_address(text, anna));
        // Who has the hash alone finds it in the same places.
        CHECK_FALSE(names_address(without_address(text, person(anna), test_hasher()), anna));
        CHECK(without_address(text, person(anna), test_hasher()) != text);
    }
    for (const char* text :
         {"hanna@partner.example", "b.anna@partner.example", "anna@partner.example.org",
          "anna@partner.example2", "anna+x@partner.example", "x-anna@partner.example",
          "o'anna@partner.example", ""}) {
        CAPTURE(text);
        CHECK_FALSE(names_address(text, anna));
        CHECK(without_address(text, person(anna), test_hasher()) == text);
    }
    CHECK(without_address("reads 3 mails in shared/anna@partner.example/INBOX", person(anna),
                          test_hasher()) == "reads 3 mails in shared//INBOX");
}

TEST_CASE("erasing says that it is alive at each mail of the index") {
    LearnerSite site;
    site.journal(life());
    site.learn();
    order_to_erase(site, 13);
    int calls = 0;
    auto learner =
        must(Learner::open(std::make_shared<const Config>(site.config), [&] { ++calls; }));
    while (must(learner->step()).records > 0) {
    }
    CHECK(calls >= 2 * static_cast<int>(life().size()));
}

TEST_CASE("the order names the address by its hash, and no other text is one") {
    const Key16 anna = person(kAnna);
    CHECK(address_id(anna).size() == 32);
    CHECK(address_of_id(address_id(anna)) == anna);
    for (const char* no : {"", "0", "anna@partner.example", "0123456789abcdef0123456789abcdeF",
                           "0123456789abcdef0123456789abcdef0"})
        CHECK_FALSE(address_of_id(no));
}

TEST_CASE("erased is gone from journal and store, whichever comes first, and others keep theirs") {
    LearnerSite site;
    site.journal(life());
    site.learn();
    REQUIRE_FALSE(traces_of(site, kAnna).empty());
    REQUIRE(site.mails_of(kAnna) > 5);
    const double bobs = site.mails_of("bob@partner.example");
    const auto order = order_to_erase(site, 13);
    const bool journal_first = GENERATE(true, false);
    CAPTURE(journal_first);
    if (!journal_first) site.learn();
    const auto count = erase_in_journal(site, order);
    if (journal_first) site.learn();

    CHECK(count.mails == 12 + 12 + 1);
    CHECK(count.shared == 12);
    CHECK(traces_of(site, kAnna) == std::vector<std::string>{});
    CHECK(site.mails_of(kAnna) == 0);
    CHECK(site.mails_of("bob@partner.example") == bobs);
    const auto left = records(site);
    CHECK(left.size() == 24);
    for (const auto& m : left) CHECK(role_in(m, person(kAnna), test_hasher()) == Role::None);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    auto reader = must(store->read());
    MailFilter all;
    all.mails = MailClass::All;
    const auto listed = must(list_mail(*reader, all));
    CHECK(listed.size() == 24);
    for (const auto& entry : listed) CHECK(entry.rcpt == "ben@site.example");
    CHECK(erase_in_journal(site, order).mails == 0);
}

TEST_CASE("erased before it was learned is never learned, also not by a learner that begins anew") {
    LearnerSite site;
    site.journal(life());
    erase_in_journal(site, order_to_erase(site, 13));
    site.learn();
    CHECK(site.mails_of(kAnna) == 0);
    CHECK(traces_of(site, kAnna) == std::vector<std::string>{});
    CHECK(site.mails_of("bob@partner.example") > 5);
}

TEST_CASE("mail that waits or was delayed goes, and one to several goes on waiting without her") {
    LearnerSite site;
    site.journal(life());
    site.journal(std::vector<MailRecord>{
        mail(kAnna, {"ben@site.example"}, 13, Action::Held),
        mail("bob@partner.example", {"ben@site.example", kAnna}, 13.1, Action::Held),
        mail(kAnna, {"ben@site.example"}, 13.2, Action::Deferred)});
    for (const auto& m : records(site))
        if (m.action == Action::Held && m.time >= day(13))
            site.journal_admin(RecordType::Release, day(13.3), m.id, false);  // it waits then
    site.learn();
    REQUIRE(site.rows(Table::Waiting).size() == 2);
    order_to_erase(site, 13.5);
    site.learn();
    const auto waiting = site.rows(Table::Waiting);
    REQUIRE(waiting.size() == 1);
    const auto left = must(decode_mail_record(waiting.begin()->second));
    CHECK(left.rcpts == std::vector<std::string>{"ben@site.example"});
    CHECK(traces_of(site, kAnna) == std::vector<std::string>{});
}

TEST_CASE("what was said of erased mail, and her name in any remark, goes with it") {
    JournalEraser eraser(kAnna, test_hasher());
    const auto erased = mail(kAnna, {"ben@site.example"}, 1);
    const auto kept = mail("bob@partner.example", {"ben@site.example"}, 1);
    const auto ask = [&](RecordType type, std::string payload) {
        JournalRecord record;
        record.type = type;
        record.payload = std::move(payload);
        return eraser(record);
    };
    const auto remark = [](const std::string& id, const std::string& address,
                           const std::string& why) {
        AdminRecord r;
        r.id = id;
        r.address = address;
        r.why = why;
        return encode(r);
    };
    CHECK(ask(RecordType::Mail, encode(erased)) == "");
    CHECK_FALSE(ask(RecordType::Mail, encode(kept)));
    CHECK(ask(RecordType::Release, remark(erased.id, "", "")) == "");
    CHECK_FALSE(ask(RecordType::Release, remark(kept.id, "", "bob called")));
    CHECK(ask(RecordType::Forget, remark("", kAnna, "")) == "");
    CHECK(ask(RecordType::Report, remark(kept.id, "Anna@partner.example", "")) == "");
    const auto reworded =
        ask(RecordType::Confirm, remark(kept.id, "", "says ANNA@partner.example"));
    REQUIRE(reworded);
    CHECK(must(decode_admin_record(*reworded)).why == "says ");
    CHECK(reworded->size() == remark(kept.id, "", "says ANNA@partner.example").size());
    CHECK_FALSE(ask(RecordType::Note, "anna@partner.example"));
    AccountEvent login;
    login.account = "bob@partner.example";
    CHECK_FALSE(ask(RecordType::Account, encode(login)));
    login.account = kAnna;
    CHECK(ask(RecordType::Account, encode(login)) == "");
    CHECK(eraser.count().events == 1);
    CHECK_FALSE(ask(RecordType::Mail, "no record"));
    CHECK(eraser.count().mails == 1);
    CHECK(eraser.count().remarks == 4);
}

TEST_CASE("an order that names nothing is passed over and told") {
    LearnerSite site;
    site.journal(life());
    site.journal(RecordType::Erase, day(13), "no order");
    site.journal_admin(RecordType::Erase, day(13), "0123", false);
    auto learner = site.open();
    while (must(learner->step()).records > 0) {
    }
    CHECK(learner->unreadable().records == 2);
}
