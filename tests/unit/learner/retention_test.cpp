// SPDX-License-Identifier: Apache-2.0
// What goes before journal.keep is over (engine/learner/retention.hpp), and with its own time in
// the learner's tidying; whenever a round ends.
#include "engine/learner/retention.hpp"

#include <unistd.h>

#include <filesystem>

#include "engine/learner/incident.hpp"
#include "engine/learner/lesson.hpp"
#include "tests/support/child_process.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// Ids of the mails that the journal has a record of, and of those in the index.
struct Kept {
    std::vector<std::string> records, entries;
};
std::vector<std::string> records(const LearnerSite& site) {
    std::vector<std::string> out;
    auto journal = must(JournalReader::open(site.config.journal));
    while (auto record = must(journal->next()))
        if (record->type == RecordType::Mail)
            out.push_back(must(decode_mail_record(record->payload)).id);
    return out;
}
Kept kept(const LearnerSite& site) {
    Kept out;
    out.records = records(site);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    auto reader = must(store->read());
    MailFilter all;
    all.mails = MailClass::All;
    for (const auto& entry : must(list_mail(*reader, all))) out.entries.push_back(entry.id);
    return out;
}

/// A passed, a held and a passed but confirmed mail a day, each day a closed file of the journal.
struct Days : LearnerSite {
    std::vector<std::string> passed, held, confirmed;
    Days() {
        std::filesystem::create_directories(config.journal.directory);
        auto writer = must(JournalWriter::open(config.journal));
        for (int d = 0; d < 10; ++d) {
            const auto put = [&](const MailRecord& mail) {
                must(writer->append(RecordType::Mail, mail.time, encode(mail)));
                return mail.id;
            };
            passed.push_back(put(record_of(Mail("ben@partner.example", day(d)))));
            auto bad = record_of(Mail("eve@partner.example", day(d)), Action::Held);
            bad.assessment.verdict = Verdict::Quarantine;
            held.push_back(put(bad));
            confirmed.push_back(put(record_of(Mail("kim@partner.example", day(d)))));
            AdminRecord word;
            word.id = confirmed.back();
            must(writer->append(RecordType::Confirm, day(d), encode(word)));
            if (!writer->close_segment()) FAIL("cannot close");
        }
    }
    /// In a learner of its own, which calls `alive` on the way.
    void tidy_at(
        double when, const Alive& alive = [] {}) const {
        auto learner = must(Learner::open(std::make_shared<const Config>(config), alive));
        while (must(learner->step()).records > 0) {
        }
        must(learner->tidy(day(when)));
    }
    /// As if a round had ended when it had taken the entry.
    void lose_entry(const std::string& id) const {
        auto store = must(Store::open(config.store, Store::Mode::Write));
        auto writer = must(store->write());
        must(erase_mail(*writer, id));
        must(writer->commit());
    }
    [[nodiscard]] static std::size_t of(const std::vector<std::string>& ids,
                                        const std::vector<std::string>& wanted) {
        return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), [&](const auto& id) {
            return std::find(wanted.begin(), wanted.end(), id) != wanted.end();
        }));
    }
};

}  // namespace

TEST_CASE("mail that passed goes after retention.passed, what was held or confirmed stays") {
    Days site;
    site.config.retention.passed = std::chrono::days(4);
    site.tidy_at(9.5);
    for (const auto& ids : {kept(site).records, kept(site).entries}) {
        CHECK(Days::of(ids, site.passed) == 4);
        CHECK(Days::of(ids, site.held) == 10);
        CHECK(Days::of(ids, site.confirmed) == 10);
    }
    site.tidy_at(10.5);
    CHECK(Days::of(kept(site).records, site.passed) == 3);
    CHECK(site.open()->unreadable().records == 0);
}

TEST_CASE("mail that was held, or that somebody spoke of, goes after retention.held alone") {
    Days site;
    site.config.retention.held = std::chrono::days(2);
    site.tidy_at(9.5);
    for (const auto& ids : {kept(site).records, kept(site).entries}) {
        CHECK(Days::of(ids, site.passed) == 10);
        CHECK(Days::of(ids, site.held) == 2);
        CHECK(Days::of(ids, site.confirmed) == 2);
    }
}

TEST_CASE("a record whose entry went with a round that was killed goes with the next one") {
    Days site;
    site.learn();
    site.lose_entry(site.confirmed[0]);
    site.config.retention.held = std::chrono::days(2);
    site.tidy_at(9.5);
    CHECK(Days::of(kept(site).records, site.confirmed) == 2);
    CHECK(Days::of(kept(site).records, site.passed) == 10);
}

TEST_CASE("imported mail that is too old for the index is classed by its record") {
    LearnerSite site;
    std::filesystem::create_directories(site.config.journal.directory);
    auto writer = must(JournalWriter::open(site.config.journal));
    MailRecord old = record_of(Mail("ben@partner.example", day(-200)));
    old.imported = true;
    must(writer->append(RecordType::Mail, day(0), encode(old)));
    REQUIRE(writer->close_segment());
    site.config.retention.held = std::chrono::days(2);
    const auto tidy_at = [&](double when) {
        auto learner = site.open();
        while (must(learner->step()).records > 0) {
        }
        must(learner->tidy(day(when)));
    };
    tidy_at(1);
    CHECK(kept(site).entries.empty());
    tidy_at(9.5);
    CHECK(records(site).size() == 1);
    site.config.retention.passed = std::chrono::days(4);
    tidy_at(9.5);
    CHECK(records(site).empty());
}

TEST_CASE(
    "killed anywhere, a round leaves no entry without its record, and the next completes it") {
    Days site;
    site.config.retention.passed = std::chrono::days(4);
    site.config.retention.held = std::chrono::days(6);
    site.learn();
    const auto store = site.dir.path() / "store", journal = site.dir.path() / "journal";
    const auto saved = site.dir.path() / "saved";
    const auto copy = [](const auto& from, const auto& to) {
        std::filesystem::remove_all(to);
        std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    };
    std::filesystem::create_directories(saved);
    copy(store, saved / "store");
    copy(journal, saved / "journal");
    int killed = 0, between = 0;
    for (int n = 1;; n += 2) {
        CAPTURE(n);
        copy(saved / "store", store);
        copy(saved / "journal", journal);
        const Ending ending = ChildProcess([&] {
                                  int calls = 0;
                                  site.tidy_at(9.5, [&] {
                                      if (++calls == n) ::_exit(9);
                                  });
                                  return 0;
                              }).wait();
        REQUIRE((ending.exit_code == 0 || ending.exit_code == 9));
        const Kept after = kept(site);
        CHECK(Days::of(after.entries, after.records) == after.entries.size());
        between += after.records.size() > after.entries.size() ? 1 : 0;
        site.tidy_at(9.5);
        for (const auto& ids : {kept(site).records, kept(site).entries}) {
            CHECK(Days::of(ids, site.passed) == 4);
            CHECK(Days::of(ids, site.held) == 6);
            CHECK(Days::of(ids, site.confirmed) == 6);
        }
        if (ending.exit_code == 0) break;
        ++killed;
    }
    CHECK(killed > 20);
    CHECK(between > 0);  // some ended where the index was done and the journal was not
}

TEST_CASE("a round says that it is alive at each record that it looks at") {
    Days site;
    site.learn();
    const auto calls = [&] {
        int n = 0;
        site.tidy_at(9.5, [&] { ++n; });
        return n;
    };
    const int idle = calls();
    site.config.retention.passed = std::chrono::days(4);
    // Six closed files of four records, looked at to find and to redact, and six entries.
    CHECK(calls() == idle + 6 * 4 + 6 * 4 + 6);
    CHECK(calls() == idle);
}

TEST_CASE(
    "mail of a closed file in which the learner stands goes as well, and what follows later") {
    LearnerSite site;
    site.config.retention.passed = std::chrono::days(4);
    const auto put = [&](JournalWriter& writer, double when) {
        const MailRecord mail = record_of(Mail("ben@partner.example", day(when)));
        must(writer.append(RecordType::Mail, mail.time, encode(mail)));
    };
    std::filesystem::create_directories(site.config.journal.directory);
    auto writer = must(JournalWriter::open(site.config.journal));
    auto learner = site.open();
    put(*writer, 0);
    while (must(learner->step()).records > 0) {
    }
    put(*writer, .5);  // not learned yet
    REQUIRE(writer->close_segment());
    must(learner->tidy(day(9)));
    CHECK(records(site).size() == 1);
    while (must(learner->step()).records > 0) {
    }
    must(learner->tidy(day(9)));
    CHECK(records(site).empty());
}

TEST_CASE("without retention.passed and retention.held all stays until journal.keep") {
    Days site;
    site.tidy_at(80);
    CHECK(kept(site).records.size() == 30);
    CHECK(kept(site).entries.size() == 30);
}

TEST_CASE("a file of the journal is not looked through again for what it was looked through for") {
    Days site;
    site.config.retention.passed = std::chrono::days(4);
    site.tidy_at(9.5);
    CHECK(site.rows(Table::Meta).at("redacted") == integer_key(6) + integer_key(0));
    site.config.retention.held = std::chrono::days(6);
    site.tidy_at(9.5);
    CHECK(site.rows(Table::Meta).at("redacted") == integer_key(6) + integer_key(4));
}

TEST_CASE("incidents and lessons go when their own time is over") {
    Days site;
    site.config.retention.incidents = std::chrono::days(3);
    site.config.retention.lessons = std::chrono::days(5);
    auto bad = record_of(Mail("mallory@partner.example", day(9)).links_to("new.example", "p"),
                         Action::Held);
    bad.assessment.verdict = Verdict::Quarantine;
    bad.assessment.stratum = Stratum::NewLink;
    site.journal({bad});
    const auto count = [&](char kind) {
        std::size_t n = 0;
        for (const auto& [key, value] : site.rows(Table::Messages)) n += key.front() == kind;
        return n;
    };
    site.tidy_at(9.5);
    const auto lessons = count('L');
    CHECK(count('C') == 1);
    site.tidy_at(12.5);
    CHECK(count('C') == 0);
    CHECK(count('L') < lessons);
    site.tidy_at(20);
    CHECK(count('L') == 0);
}
