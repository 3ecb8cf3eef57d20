// SPDX-License-Identifier: Apache-2.0
// What admins and their timers say of one mail, from the journal into the store: deleted, on hold
// or not, reported, allowed and no more; and the audit log's newest line.
#include "engine/assess/store_memory.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/learned_memory.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

MailRecord held(double at = 1) {
    MailRecord r = record_of(Mail("anna@partner.example", day(at))
                                 .links_to("new.example", "page")
                                 .shows(FeatureId::time_zone, "+0900"),
                             Action::Held);
    r.rcpts = {"ben@site.example"};
    r.from = "anna@partner.example";
    r.assessment.reasons = {{"time_zone", 3, "time zone +0900"}};
    return r;
}

struct Told : LearnerSite {
    void tell(RecordType type, const MailRecord& mail, std::uint64_t number = 0,
              Time until = {}) const {
        AdminRecord a;
        a.id = mail.id;
        a.number = number;
        a.until = until;
        a.who = "jo";
        a.why = "because";
        journal(type, day(2), encode(a));
        learn();
    }
    [[nodiscard]] MailEntry entry(const MailRecord& mail) const {
        auto store = must(Store::open(config.store, Store::Mode::Read));
        auto found = must(find_mail(*must(store->read()), mail.id));
        REQUIRE(found);
        return *found;
    }
    [[nodiscard]] Allowances allowances(const MailRecord& mail) const {
        const auto all = rows(Table::Messages);
        const auto it = all.find(allowances_key(mail.observations.sender));
        return it == all.end() ? Allowances{} : decode_allowances(it->second).value();
    }
};

}  // namespace

TEST_CASE("a deleted mail is no more on hold, also when it is found to be bad afterwards") {
    const Told site;
    const MailRecord mail = held();
    site.journal({mail});
    site.learn();
    CHECK(site.entry(mail).is_on_hold());
    site.tell(RecordType::Drop, mail);
    CHECK(site.entry(mail).state == MailState::Dropped);
    CHECK_FALSE(site.entry(mail).is_on_hold());
    site.tell(RecordType::Confirm, mail);
    CHECK(site.entry(mail).state == MailState::Dropped);
}

TEST_CASE("what the queue said is noted, and survives being told twice or nonsense") {
    const Told site;
    const MailRecord mail = held();
    site.journal({mail});
    for (const HoldMark mark :
         {HoldMark::Seen, HoldMark::Seen, HoldMark::Left, HoldMark::Missing}) {
        site.tell(RecordType::Hold, mail, static_cast<std::uint64_t>(mark));
        CHECK(site.entry(mail).hold == mark);
    }
    site.tell(RecordType::Hold, mail, 77);
    CHECK(site.entry(mail).hold == HoldMark::Missing);
    CHECK_FALSE(site.entry(mail).is_on_hold());
}

TEST_CASE("a reported mail is counted and has an incident, and teaches as before") {
    const Told site;
    const MailRecord mail = record_of(Mail("anna@partner.example", day(1)));
    site.journal({mail});
    site.learn();
    const double learned = site.mails_of("anna@partner.example");
    site.tell(RecordType::Report, mail);
    site.tell(RecordType::Report, mail);
    CHECK(site.entry(mail).reports == 2);
    CHECK(site.mails_of("anna@partner.example") == learned);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    const auto incidents = must(list_incidents(*must(store->read())));
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].id == mail.id);
}

TEST_CASE(
    "a release with an allowance keeps it for sender and recipients, until it is taken back") {
    const Told site;
    site.journal({record_of(Mail("anna@partner.example", day(0.5)))});
    const MailRecord mail = held();
    site.journal({mail});
    site.tell(RecordType::Release, mail, 0, day(32));
    const Allowances all = site.allowances(mail);
    REQUIRE(all.items.size() == 1);
    const Allowance& a = all.items[0];
    CHECK(a.id == mail.id);
    CHECK(a.rcpts == mail.observations.rcpts);
    CHECK(a.rcpt_names == std::vector<std::string>{"ben@site.example"});
    CHECK(a.expires == day(32));
    CHECK(a.who == "jo");
    CHECK(a.why == "because");
    CHECK(std::find(a.features.begin(), a.features.end(), index_of(FeatureId::time_zone)) !=
          a.features.end());
    CHECK(site.entry(mail).state == MailState::Released);
    site.tell(RecordType::Disallow, mail);
    CHECK(site.allowances(mail).items.empty());
    CHECK_FALSE(site.rows(Table::Messages).contains(allowances_key(mail.observations.sender)));
}

TEST_CASE("a mail that is confirmed as bad allows nothing any more") {
    const Told site;
    const MailRecord mail = held();
    site.journal({mail});
    site.tell(RecordType::Release, mail, 0, day(32));
    REQUIRE(site.allowances(mail).items.size() == 1);
    site.tell(RecordType::Confirm, mail);
    CHECK(site.allowances(mail).items.empty());
    CHECK(site.entry(mail).state == MailState::Confirmed);
}

TEST_CASE("the milter's memory and the learner's give the same allowance, others give none") {
    const Told site;
    const MailRecord mail = held();
    site.journal({mail});
    site.tell(RecordType::Release, mail, 0, day(32));
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    auto reader = must(store->read());
    const StoreMemory live(*reader, must(load_snapshot(*reader, 1)));
    CHECK(live.allowances(mail.observations.sender).items.size() == 1);
    CHECK(live.allowances(person("else@partner.example")).items.empty());
    CHECK(live.trouble().empty());
    LearnedMemory learner;
    CHECK(learner.allowances(mail.observations.sender).items.empty());
    learner.read_from(reader.get());
    CHECK(learner.allowances(mail.observations.sender).items.size() == 1);
}

TEST_CASE("an allowance that is over goes, and with a forgotten address all of its own") {
    const Told site;
    const MailRecord mail = held();
    site.journal({mail});
    site.tell(RecordType::Release, mail, 0, day(3));
    auto learner = site.open();
    must(learner->tidy(day(2.5)));
    learner.reset();
    CHECK(site.allowances(mail).items.size() == 1);
    learner = site.open();
    must(learner->tidy(day(4)));
    learner.reset();
    CHECK(site.allowances(mail).items.empty());
    site.tell(RecordType::Release, mail, 0, day(9));
    CHECK(site.allowances(mail).items.size() == 1);
    AdminRecord forget;
    forget.address = "anna@partner.example";
    site.journal(RecordType::Forget, day(2), encode(forget));
    site.learn();
    CHECK(site.allowances(mail).items.empty());
}

TEST_CASE("the audit log's newest line is remembered, and never an earlier one after it") {
    const Told site;
    const auto note = [&](std::uint64_t number, char digit) {
        AdminRecord a;
        a.id = std::string(64, digit);
        a.number = number;
        site.journal(RecordType::Audit, day(1), encode(a));
        site.learn();
        auto store = must(Store::open(site.config.store, Store::Mode::Read));
        return must(read_audit_mark(*must(store->read())));
    };
    CHECK(note(1, 'a').number == 1);
    CHECK(note(2, 'b').hash == std::string(64, 'b'));
    CHECK(note(1, 'c').hash == std::string(64, 'b'));
    CHECK(note(2, 'b').rewritten == 0);  // twice the same is one
    CHECK(note(2, 'd').rewritten == 2);
    CHECK(note(3, 'e').rewritten == 2);
}
