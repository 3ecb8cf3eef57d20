// SPDX-License-Identifier: Apache-2.0
// A site with journal, store and secret in a directory of its own, a stream of synthetic mail whose
// lessons do not depend on how often the scales are rebuilt, and the store's content to compare.
#pragma once

#include <map>
#include <memory>
#include <random>

#include "engine/learner/learner.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/keys.hpp"
#include "engine/profile/memory.hpp"
#include "engine/store/store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/must.hpp"
#include "tests/support/observed.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::test {

class LearnerSite {
public:
    LearnerSite() {
        config.store.directory = dir.file("store");
        config.store.map_size_bytes = 64ULL << 20;
        config.journal.directory = dir.file("journal");
        config.secret_file = dir.file("site.key");
        dir.write("site.key", std::string("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20", 16));
    }

    void journal(RecordType type, Time time, std::string_view payload) const {
        std::filesystem::create_directories(config.journal.directory);
        auto writer = must(JournalWriter::open(config.journal));
        must(writer->append(type, time, payload));
    }
    void journal(const std::vector<MailRecord>& mails) const {
        std::filesystem::create_directories(config.journal.directory);
        auto writer = must(JournalWriter::open(config.journal));
        for (const auto& m : mails) must(writer->append(RecordType::Mail, m.time, encode(m)));
    }
    void journal_admin(RecordType type, Time time, const std::string& id, bool learn) const {
        AdminRecord a;
        a.id = id;
        a.learn = learn;
        journal(type, time, encode(a));
    }
    [[nodiscard]] std::unique_ptr<Learner> open() const {
        return must(Learner::open(std::make_shared<const Config>(config)));
    }
    /// Opens, learns what is in the journal, closes. Returns the number of records.
    std::size_t learn() const {
        auto learner = open();
        std::size_t records = 0;
        for (;;) {
            const auto step = must(learner->step());
            if (step.records == 0) return records;
            records += step.records;
        }
    }

    [[nodiscard]] SiteState site() const {
        SiteState state;
        for (const auto& [key, value] : rows(Table::Site))
            if (!decode_site_piece(key, value, state)) FAIL("piece " << key);
        return state;
    }
    [[nodiscard]] std::optional<Profile> profile(std::string_view address) const {
        const auto all = rows(Table::Profiles);
        const auto it =
            all.find(std::string(stored_key(Subject::Correspondent, person(address)).view()));
        return it == all.end() ? std::nullopt : decode_profile(it->second);
    }
    [[nodiscard]] double mails_of(std::string_view address) const {
        const auto p = profile(address);
        return p ? static_cast<double>(p->messages) : 0;
    }
    using Rows = std::map<std::string, std::string>;
    [[nodiscard]] Rows rows(Table table) const {
        auto store = must(Store::open(config.store, Store::Mode::Read));
        auto reader = must(store->read());
        Rows out;
        must(reader->scan(table, "", [&](std::string_view k, std::string_view v) {
            out.emplace(std::string(k), std::string(v));
            return true;
        }));
        return out;
    }
    /// Everything learned, but for what hangs on when the scales were rebuilt: the evidence rings
    /// and the joint anomaly's indicator.
    [[nodiscard]] std::map<int, Rows> content() const {
        std::map<int, Rows> out;
        for (const Table t : {Table::Profiles, Table::Words, Table::SiteWords, Table::Threads,
                              Table::Hosts, Table::Names, Table::Site, Table::Messages,
                              Table::Waiting, Table::Recent, Table::Examples}) {
            auto& all = out[static_cast<int>(t)] = rows(t);
            if (t == Table::Site)
                std::erase_if(all, [](const auto& row) {
                    return row.first.starts_with("evidence/") || row.first.starts_with("stages/") ||
                           (row.first.starts_with("indicators/") && row.first.ends_with("/0"));
                });
            // A mail's entry tells what it scored, too.
            if (t == Table::Messages)
                for (auto& row : all) row.second.clear();
        }
        return out;
    }

    TempDir dir;
    Config config;
};

/// Ordinary mail of a dozen correspondents over some weeks: conversations, words, habits that
/// change now and then; nothing with a payload. Some of it comes unbacked and waits.
inline std::vector<MailRecord> stream(int mails, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    std::vector<MailRecord> out;
    for (int i = 0; i < mails; ++i) {
        const std::string from = "writer" + std::to_string(below(12)) + "@partner" +
                                 std::to_string(below(3)) + ".example";
        Mail mail(from, day(0.05 * i));
        mail.id("m" + std::to_string(i));
        if (i > 10 && below(3) == 0) mail.refers_to({"m" + std::to_string(i - 7)});
        if (below(20) == 0) mail.shows(FeatureId::user_agent, "Agent " + std::to_string(below(9)));
        if (below(25) == 0) mail.shows(FeatureId::auth_triple, "spf=fail dkim=none dmarc=fail");
        if (below(2) == 0) mail.has(FeatureId::x_headers, "X-Odd-" + std::to_string(below(5)));
        mail.bin(FeatureId::recipient_count, static_cast<int>(below(4)));
        std::string text = "about";
        for (int w = 0; w < 12; ++w) text += " word" + std::to_string(below(60) * below(60));
        mail.says(text);
        if (below(4) == 0) mail.direction(Direction::Outbound).to({"kim@customer.example"});
        out.push_back(record_of(mail));
    }
    return out;
}

}  // namespace kith::test
