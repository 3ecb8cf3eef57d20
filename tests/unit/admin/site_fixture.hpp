// SPDX-License-Identifier: Apache-2.0
// A site in a directory of its own, with a real store, journal and secret as the learner leaves
// them, and the built program run on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/admin/process.hpp"
#include "engine/base/hash.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/store/store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::test {

/// Path of the built program `kith`.
[[nodiscard]] const std::string& kith_program();

class Site {
public:
    Site() {
        std::filesystem::create_directories(dir.path() / "store");
        std::filesystem::create_directories(dir.path() / "journal");
        std::filesystem::create_directories(dir.path() / "spool");
        configure("mode: enforce\n");
    }

    /// Writes kith.yaml: where everything lies, then `lines`.
    void configure(const std::string& lines) const {
        dir.write("kith.yaml",
                  lines + "secret_file: " + dir.file("site.key") +
                      "\nsite:\n  domains: example.org\nmilter:\n  socket: unix:" +
                      dir.file("kith.sock") + "\n  spool_directory: " + dir.file("spool") +
                      "\n  trouble_file: " + dir.file("trouble") + "\nlearner:\n  trouble_file: " +
                      dir.file("learner-trouble") + "\nstore:\n  directory: " + dir.file("store") +
                      "\n  map_size: 64MiB\nmodels:\n  directory: " + dir.file("models.d") +
                      "\njournal:\n  directory: " + dir.file("journal") + "\n");
    }
    void write_secret() const { dir.write("site.key", "0123456789abcdef"); }
    [[nodiscard]] JournalOptions journal() const {
        JournalOptions o;
        o.directory = dir.file("journal");
        return o;
    }
    [[nodiscard]] StoreOptions store() const {
        StoreOptions o;
        o.directory = dir.file("store");
        o.map_size_bytes = 64ULL << 20;
        return o;
    }

    /// Journals and indexes the mails, as milter and learner would have.
    void seen(const std::vector<MailRecord>& mails) const {
        if (!std::filesystem::exists(dir.path() / "site.key")) write_secret();
        auto writer = JournalWriter::open(journal());
        REQUIRE(writer);
        auto opened = Store::open(store(), Store::Mode::Write);
        if (!opened) FAIL(opened.error().text());
        auto txn = (*opened)->write();
        REQUIRE(txn);
        for (const MailRecord& mail : mails) {
            const auto position = (*writer)->append(RecordType::Mail, mail.time, encode(mail));
            REQUIRE(position);
            REQUIRE(index_mail(**txn, mail, *position));
        }
        REQUIRE((*txn)->commit());
    }

    /// Notes what an admin said, as the learner does.
    void mark(const std::string& id, MailState state) const {
        auto opened = Store::open(store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        REQUIRE(set_mail_state(**txn, id, state, from_unix(1772370000)));
        REQUIRE((*txn)->commit());
    }

    /// Puts bytes into the table of messages, as the learner does an incident.
    void keep(const std::string& key, const std::string& bytes) const {
        auto opened = Store::open(store(), Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        REQUIRE((*txn)->put(Table::Messages, key, bytes));
        REQUIRE((*txn)->commit());
    }

    /// Runs `kith` with this site's configuration.
    [[nodiscard]] admin::ProcessOutput kith(std::vector<std::string> arguments) const {
        std::vector<std::string> command{kith::test::kith_program(), "--config",
                                         dir.file("kith.yaml")};
        command.insert(command.end(), arguments.begin(), arguments.end());
        auto output = admin::run_process(command, {});
        if (!output) FAIL(output.error().text());
        return *output;
    }

    /// All records of one type in the journal.
    [[nodiscard]] std::vector<JournalRecord> records(RecordType type) const {
        std::vector<JournalRecord> out;
        auto reader = JournalReader::open(journal());
        if (!reader) return out;
        for (;;) {
            auto record = (*reader)->next();
            REQUIRE(record);
            if (!*record) return out;
            if ((*record)->type == type) out.push_back(**record);
        }
    }

    TempDir dir;
};

/// A mail that was held on 2026-03-01 at 12:34:56.
inline MailRecord held_mail() {
    MailRecord r;
    r.id = "abcdefghijklmnop";
    r.time = from_unix(1772368496);
    r.queue_id = "4Q1XYZ2abc";
    r.host = "mx.example.org";
    r.client_addr = "192.0.2.7";
    r.client_name = "out.supplier.example";
    r.helo = "out.supplier.example";
    r.mail_from = "anna@supplier.example";
    r.rcpts = {"bert@example.org", "cora@example.org"};
    r.from = "anna@supplier.example";
    r.from_name = "Anna";
    r.message_id = "1@supplier.example";
    r.mode = "enforce";
    r.action = Action::Held;
    r.observations.time = r.time;
    r.assessment.score = 87.96;
    r.assessment.p = 4e-5;
    r.assessment.verdict = Verdict::Quarantine;
    r.assessment.stratum = Stratum::NewLink;
    r.assessment.ready = true;
    r.assessment.indicators = {{"Out of Character", 71.2}, {"Inducement Shift", 90.0}};
    r.assessment.tags = {"new-link"};
    r.assessment.reasons = {
        {"link_host", 6.0, "first link to forms.example in 214 mails over 296 days"},
        {"time_zone", 2.0, "time zone +0300, 214 mails came from +0100"}};
    r.assessment.would_pass = "it would have passed without the link";
    return r;
}

/// An ordinary mail, one minute later.
inline MailRecord passed_mail() {
    MailRecord r;
    r.id = "bcdefghijklmnopq";
    r.time = from_unix(1772368556);
    r.queue_id = "4Q1XYZ3abc";
    r.host = "mx.example.org";
    r.mail_from = "dora@partner.example";
    r.from = "dora@partner.example";
    r.rcpts = {"bert@example.org"};
    r.mode = "enforce";
    r.assessment.ready = true;
    return r;
}

}  // namespace kith::test
