// SPDX-License-Identifier: Apache-2.0
// The loop from journal to store (engine/learner/learner.hpp): exactly once, whatever is in the
// journal and whatever happens to the store.
#include "engine/learner/learner.hpp"

#include <cstring>
#include <fstream>

#include "engine/base/crc32c.hpp"
#include "engine/journal/segment.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/lesson.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// A held mail of anna with a link.
MailRecord held(double at = 1) {
    return record_of(Mail("anna@partner.example", day(at)).links_to("new.example", "page"),
                     Action::Held);
}

void overwrite(const std::string& file, std::uint64_t from, std::uint64_t to) {
    std::fstream f(file, std::ios::binary | std::ios::in | std::ios::out);
    f.seekp(static_cast<std::streamoff>(from));
    for (std::uint64_t i = from; i < to; ++i) f.put('\x5a');
    REQUIRE(f.good());
}

}  // namespace

TEST_CASE("a journal learned in one go and in fifty pieces with reopening gives the same store") {
    const auto mails = stream(400);
    LearnerSite whole, pieces;
    whole.journal(mails);
    CHECK(whole.learn() == mails.size());
    for (std::size_t i = 0; i < mails.size(); i += 8) {
        pieces.journal(
            {mails.begin() + static_cast<std::ptrdiff_t>(i),
             mails.begin() + static_cast<std::ptrdiff_t>(std::min(i + 8, mails.size()))});
        pieces.learn();
    }
    CHECK(whole.site().learned > 300);
    CHECK(whole.content() == pieces.content());
}

TEST_CASE("small transactions and large ones give the same store") {
    const auto mails = stream(200, 2);
    LearnerSite large, small;
    small.config.learner.batch_records = 3;
    for (const auto* site : {&large, &small}) {
        site->journal(mails);
        site->learn();
    }
    CHECK(large.content() == small.content());
}

TEST_CASE("what was learned is not learned again") {
    LearnerSite site;
    site.journal(stream(50));
    CHECK(site.learn() == 50);
    const auto before = site.content();
    CHECK(site.learn() == 0);
    CHECK(site.content() == before);
}

TEST_CASE("a step learns at most batch_records records and says that there are more") {
    LearnerSite site;
    site.config.learner.batch_records = 10;
    site.journal(stream(25));
    auto learner = site.open();
    auto step = must(learner->step());
    CHECK(step.records == 10);
    CHECK(step.more);
    must(learner->step());
    step = must(learner->step());
    CHECK(step.records == 5);
    CHECK_FALSE(step.more);
    CHECK(must(learner->step()).records == 0);
}

TEST_CASE("a record that cannot be decoded is skipped and counted") {
    LearnerSite site;
    const auto mails = stream(6);
    site.journal({mails.begin(), mails.begin() + 3});
    site.journal(RecordType::Mail, day(1), "no mail record");
    site.journal(RecordType::Release, day(1), "no admin record");
    site.journal({mails.begin() + 3, mails.end()});
    auto learner = site.open();
    CHECK(must(learner->step()).records == 8);
    CHECK(learner->unreadable().records == 2);
    CHECK(learner->unreadable().journal_file == site.config.journal.directory + "/0000000001.kj");
    learner.reset();
    CHECK(site.site().mails[0] + site.site().mails[1] + site.site().mails[2] == 6);
}

TEST_CASE("damage in the journal is skipped, and the segment it is in is remembered") {
    LearnerSite site;
    site.journal(stream(30));
    const std::string segment = site.config.journal.directory + "/0000000001.kj";
    overwrite(segment, 5000, 5100);
    auto learner = site.open();
    CHECK(must(learner->step()).records < 30);
    CHECK(learner->unreadable().journal_bytes > 0);
    CHECK(learner->unreadable().journal_file == segment);
    learner.reset();
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    CHECK(must(read_damaged_segment(*must(store->read()))) == 1);
}

TEST_CASE("types of record that a later version may bring are passed over") {
    LearnerSite site;
    const auto mails = stream(2);
    site.journal({mails[0]});
    site.journal(static_cast<RecordType>(999), day(1), "whatever it is");
    site.journal(RecordType::Note, day(1), "a note");
    site.journal({mails[1]});
    auto learner = site.open();
    CHECK(must(learner->step()).records == 4);
    CHECK(learner->unreadable() == Unreadable{});
}

TEST_CASE("a delayed mail is counted once and learned once, wherever the learner is restarted") {
    const MailRecord first =
        record_of(Mail("anna@partner.example", day(0)).id("m1"), Action::Deferred);
    const MailRecord retry = record_of(Mail("anna@partner.example", day(0.01)).id("m1"));
    const MailRecord later = record_of(Mail("ben@far.example", day(9)));
    LearnerSite site;
    const int restarts = GENERATE(0, 1, 2);
    CAPTURE(restarts);
    site.journal({first});
    if (restarts > 0) {
        site.learn();
        CHECK(site.site().mails[0] == 0);
        CHECK(site.mails_of("anna@partner.example") == 0);
    }
    site.journal({retry});
    if (restarts > 1) site.learn();
    site.journal({later});
    site.learn();
    CHECK(site.site().mails[0] == 2);
    CHECK(site.mails_of("anna@partner.example") > 0);
    CHECK(site.mails_of("anna@partner.example") <= 1);
    for (const auto& [key, value] : site.rows(Table::Messages))
        CHECK_FALSE(key.starts_with('D'));  // it was forgotten after five days
}

TEST_CASE("a delayed mail that never came again is counted after a restart, too") {
    LearnerSite site;
    site.journal({record_of(Mail("anna@partner.example", day(0)).id("m1"), Action::Deferred)});
    site.learn();
    site.journal({record_of(Mail("ben@far.example", day(9)))});
    site.learn();
    CHECK(site.site().mails[0] == 2);
    CHECK(site.mails_of("anna@partner.example") == 0);
}

TEST_CASE("held mail teaches nothing until it is released with learning") {
    LearnerSite site;
    const MailRecord mail = held();
    site.journal({mail});
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 0);
    CHECK(site.site().held == 1);
    site.journal_admin(RecordType::Release, day(2), mail.id, true);
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 1);
}

TEST_CASE("mail released without learning teaches after the probation") {
    LearnerSite site;
    const MailRecord mail = held();
    site.journal({mail});
    site.journal_admin(RecordType::Release, day(2), mail.id, false);
    site.journal({record_of(Mail("other@far.example", day(4.9)))});
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 0);
    CHECK(site.rows(Table::Waiting).size() == 1);
    site.journal({record_of(Mail("other@far.example", day(5.1)))});
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 1);
    CHECK(site.rows(Table::Waiting).empty());
}

TEST_CASE("releasing first without and then with learning teaches once") {
    LearnerSite site;
    const MailRecord mail = held();
    site.journal({mail});
    site.journal_admin(RecordType::Release, day(2), mail.id, false);
    site.journal_admin(RecordType::Release, day(2.1), mail.id, true);
    site.learn();
    CHECK(site.profile("anna@partner.example")->messages == 1);
    site.journal({record_of(Mail("other@far.example", day(9)))});
    site.learn();
    const auto anna = site.profile("anna@partner.example");
    REQUIRE(anna);
    CHECK(anna->messages == 1);
}

TEST_CASE("confirming a released mail keeps it from teaching") {
    LearnerSite site;
    const MailRecord mail = held();
    site.journal({mail});
    site.journal_admin(RecordType::Release, day(2), mail.id, false);
    site.journal_admin(RecordType::Confirm, day(3), mail.id, false);
    site.journal({record_of(Mail("other@far.example", day(9)))});
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 0);
    CHECK(site.rows(Table::Waiting).empty());
}

TEST_CASE("confirming takes back what a mail taught in another run of the learner") {
    LearnerSite site;
    const MailRecord good = record_of(Mail("anna@partner.example", day(1)).id("m1"));
    const MailRecord bad = record_of(Mail("anna@partner.example", day(2)).id("m2").says("wallet"));
    site.journal({good, bad});
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == Approx(2).epsilon(.02));
    const auto lessons = [&] {
        std::size_t n = 0;
        for (const auto& [key, value] : site.rows(Table::Messages))
            n += key.front() == 'L' ? 1U : 0U;
        return n;
    };
    CHECK(lessons() == 2);
    site.journal_admin(RecordType::Confirm, day(3), bad.id, false);
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == Approx(1).epsilon(.02));
    CHECK(site.site().learned == 1);
    CHECK(lessons() == 1);
    CHECK(decode_site_word(site.rows(Table::SiteWords).at(word_key(word_of("wallet"))))->count ==
          0);
}

TEST_CASE("closing an incident lets its sender's mail teach again") {
    LearnerSite site;
    MailRecord mail = held();
    mail.assessment.stratum = Stratum::NewLink;
    mail.assessment.verdict = Verdict::Quarantine;
    site.journal({mail});
    const auto is_open = [&] {
        for (const auto& [key, value] : site.rows(Table::Messages))
            if (key.front() == 'C') return decode_incident(value)->is_open(day(3));
        return false;
    };
    site.learn();
    CHECK(is_open());
    site.journal_admin(RecordType::Close, day(2), "unknownid", false);
    site.learn();
    CHECK(is_open());
    site.journal_admin(RecordType::Close, day(2), mail.id, false);
    site.learn();
    CHECK_FALSE(is_open());
}

TEST_CASE("tidying forgets lessons of more than thirty days ago") {
    LearnerSite site;
    site.journal({record_of(Mail("anna@partner.example", day(1)).id("m1")),
                  record_of(Mail("anna@partner.example", day(3)).id("m2"))});
    site.learn();
    auto learner = site.open();
    must(learner->tidy(day(32)));
    learner.reset();
    std::vector<std::string> left;
    for (const auto& [key, value] : site.rows(Table::Messages))
        if (key.front() == 'L') left.push_back(key);
    REQUIRE(left.size() == 1);
    CHECK(left[0].starts_with(lesson_key(day(3), "")));
}

TEST_CASE("releasing a mail that was not held changes its state and teaches nothing more") {
    LearnerSite site;
    const MailRecord mail = record_of(Mail("anna@partner.example", day(1)));
    site.journal({mail});
    site.journal_admin(RecordType::Release, day(2), mail.id, true);
    site.journal_admin(RecordType::Release, day(2), "unknownid", true);
    auto learner = site.open();
    must(learner->step());
    CHECK(learner->unreadable().records == 1);  // the id nobody knows
    learner.reset();
    CHECK(site.mails_of("anna@partner.example") == 1);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    auto reader = must(store->read());
    const auto entry = must(find_mail(*reader, mail.id));
    REQUIRE(entry);
    CHECK(entry->state == MailState::Released);
}

TEST_CASE("an address that is to be forgotten is a stranger again, and nobody else is") {
    LearnerSite site;
    site.journal({record_of(Mail("anna@partner.example", day(1)).says("about the usual pumps")),
                  record_of(Mail("bert@partner.example", day(1)))});
    AdminRecord forget;
    forget.address = "Anna@Partner.example";
    site.journal(RecordType::Forget, day(2), encode(forget));
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 0);
    CHECK(site.mails_of("bert@partner.example") == 1);
    site.journal({record_of(Mail("anna@partner.example", day(3)))});
    site.learn();
    CHECK(site.mails_of("anna@partner.example") == 1);
}

TEST_CASE("STORE-09: a full store keeps nothing of the step and goes on when it may grow") {
    const auto mails = stream(450, 3);
    LearnerSite site, roomy;
    site.config.store.map_size_bytes = 1ULL << 20;
    site.config.learner.batch_records = 50;
    site.journal(mails);
    {
        auto learner = site.open();
        Result<LearnerStep> step = learner->step();
        while (step && step->records > 0) step = learner->step();
        REQUIRE_FALSE(step);
        CHECK(step.error().code == ErrorCode::Full);
        const auto again = learner->step();
        REQUIRE_FALSE(again);
        CHECK(again.error().code == ErrorCode::Full);
    }
    const double noted = site.rows(Table::Site).empty()
                             ? 0
                             : site.site().mails[0] + site.site().mails[1] + site.site().mails[2];
    CHECK(static_cast<int>(noted) % 50 == 0);
    CHECK(noted < 450);
    site.config.store.map_size_bytes = 64ULL << 20;
    site.learn();
    roomy.config.learner.batch_records = 50;
    roomy.journal(mails);
    roomy.learn();
    CHECK(site.content() == roomy.content());
}

TEST_CASE("a damaged store is moved aside and everything is learned again") {
    const auto mails = stream(300, 4);
    LearnerSite site, undisturbed;
    for (const auto* s : {&site, &undisturbed}) {
        s->journal(mails);
        s->learn();
    }
    const std::string file = site.config.store.directory + "/data.mdb";
    const auto size = std::filesystem::file_size(file);
    const std::string damage = GENERATE("truncated", "a foreign file", "all but two pages");
    CAPTURE(damage);
    if (damage == "truncated") std::filesystem::resize_file(file, size / 2);
    if (damage == "a foreign file") overwrite(file, 0, size);
    if (damage == "all but two pages") overwrite(file, 8192, size);
    auto learner = site.open();
    CHECK(learner->moved_store().to == site.config.store.directory + ".damaged-1");
    CHECK(learner->moved_store().why.find("store " + site.config.store.directory) == 0);
    while (must(learner->step()).records > 0) {
    }
    learner.reset();
    CHECK(std::filesystem::exists(site.config.store.directory + ".damaged-1/data.mdb"));
    CHECK(site.content() == undisturbed.content());
}

TEST_CASE("a journal of a later format stops learning, and is not taken for a lost store") {
    LearnerSite site;
    site.journal(stream(3));
    auto learner = site.open();
    CHECK(must(learner->step()).records == 3);
    auto header = journal::encode_segment_header(2, 0x1122334455667788U);
    ++header[24];  // the format's number: engine/journal/FORMAT.md
    const std::uint32_t sum = crc32c({header.data(), 28});
    std::memcpy(header.data() + 28, &sum, sizeof sum);
    const std::string later = site.config.journal.directory + "/0000000002.kj";
    std::ofstream(later, std::ios::binary).write(header.data(), header.size());
    const auto step = learner->step();
    REQUIRE_FALSE(step);
    CHECK_FALSE(is_store_lost(step.error()));
    CHECK(step.error().what.find("0000000002.kj has format 2") != std::string::npos);
    std::filesystem::remove(later);
    CHECK(must(learner->step()).records == 0);
}

TEST_CASE("a store that is lost while the learner runs is noticed without mail, and begun anew") {
    LearnerSite site, undisturbed;
    for (const auto* s : {&site, &undisturbed}) s->journal(stream(40, 5));
    undisturbed.learn();
    auto learner = site.open();
    while (must(learner->step()).records > 0) {
    }
    const std::string loss = GENERATE("deleted", "replaced", "truncated");
    CAPTURE(loss);
    const std::string file = site.config.store.directory + "/data.mdb";
    if (loss == "deleted") std::filesystem::remove_all(site.config.store.directory);
    if (loss == "replaced") {
        std::filesystem::copy_file(file, file + ".copy");
        std::filesystem::rename(file + ".copy", file);
    }
    if (loss == "truncated") std::filesystem::resize_file(file, 8192);
    const auto step = learner->step();
    REQUIRE_FALSE(step);
    CHECK(is_store_lost(step.error()));
    CHECK(step.error().hint.find("systemctl restart kith-learner") == 0);
    learner.reset();
    site.learn();
    CHECK(site.content() == undisturbed.content());
}

TEST_CASE("a second learner is refused while the first one runs") {
    LearnerSite site;
    const auto first = site.open();
    const auto second = Learner::open(std::make_shared<const Config>(site.config));
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::Unavailable);
}

TEST_CASE("tidying forgets threads nobody wrote to for months and keeps the others") {
    LearnerSite site;
    site.journal({record_of(Mail("anna@partner.example", day(0)).id("old")),
                  record_of(Mail("ben@partner.example", day(30)).id("between")),
                  record_of(Mail("ben@partner.example", day(60)).id("between too")),
                  record_of(Mail("ben@partner.example", day(90)).id("and between")),
                  record_of(Mail("anna@partner.example", day(100)).id("new"))});
    auto learner = site.open();
    must(learner->step());
    must(learner->tidy(day(130)));
    site.journal({record_of(Mail("ben@partner.example", day(131)).id("newer"))});
    CHECK(must(learner->step()).records == 1);  // goes on with the state as it is now
    learner.reset();
    const auto threads = site.rows(Table::Threads);
    CHECK(threads.count(thread_alias_key(id_of("old"))) == 0);
    CHECK(threads.count(thread_alias_key(id_of("new"))) == 1);
    CHECK(threads.size() == 10);  // five threads and what leads to them
    CHECK(site.mails_of("anna@partner.example") > 1);
}

TEST_CASE("the checkpoint is where the journal was read up to, and damage to it is told") {
    LearnerSite site;
    site.journal(stream(5));
    site.learn();
    auto reader = must(JournalReader::open(site.config.journal));
    const auto end = must(reader->end());
    {
        auto store = must(Store::open(site.config.store, Store::Mode::Write));
        auto writer = must(store->write());
        CHECK(must(read_checkpoint(*writer)) == end);
        must(writer->put(Table::Meta, "checkpoint", "short"));
        const auto bad = read_checkpoint(*writer);
        REQUIRE_FALSE(bad);
        CHECK(bad.error().code == ErrorCode::Corrupt);
    }
}
