// SPDX-License-Identifier: Apache-2.0
// Makes a recorded past of own accounts: what kith-accounts and kith-milter would have written of a
// stream (tests/support/account_site.md), and what the learner made of it, with a kith.yaml beside
// it. Prints how many records there are and how long the learner took.
//
//     account_past STREAM DIRECTORY
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "engine/admin/account_stream.hpp"
#include "engine/journal/journal.hpp"
#include "engine/learner/learner.hpp"

namespace {

using namespace kith;
using std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::cerr << result.error().text() << '\n';
        std::exit(1);
    }
    return std::move(result).value();
}

double since(steady_clock::time_point begin) {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

std::shared_ptr<const Config> configure(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory / "store");
    std::filesystem::create_directories(directory / "journal");
    std::ofstream(directory / "site.key") << "0123456789abcdef";
    std::ofstream(directory / "kith.yaml")
        << "secret_file: " << (directory / "site.key").string()
        << "\nsite:\n  domains: own.example\nstore:\n  directory: "
        << (directory / "store").string()
        << "\njournal:\n  directory: " << (directory / "journal").string()
        << "\nmodels:\n  directory: " << (directory / "models.d").string()
        << "\nmilter:\n  spool_directory: " << (directory / "spool").string() << '\n';
    return must(load_config_or_error((directory / "kith.yaml").string()));
}

std::uint64_t record(std::istream& in, const Config& config) {
    const Hasher hasher(Hasher::Secret{'p', 'a', 's', 't'});
    const auto writer = must(JournalWriter::open(config.journal));
    std::uint64_t records = 0;
    for (std::string text; std::getline(in, text); ++records) {
        const auto line = must(admin::read_stream_line(text, hasher));
        if (const auto* event = std::get_if<admin::StreamedEvent>(&line))
            (void)must(writer->append(RecordType::Account, event->arrived, encode(event->event)));
        else if (const auto* mail = std::get_if<MailRecord>(&line))
            (void)must(writer->append(RecordType::Mail, mail->time, encode(*mail)));
    }
    return records;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: account_past STREAM DIRECTORY\n";
        return 64;
    }
    const auto config = configure(argv[2]);
    std::ifstream in(argv[1]);
    auto begin = steady_clock::now();
    nlohmann::json told{{"records", record(in, *config)}};
    told["journal_seconds"] = since(begin);
    begin = steady_clock::now();
    {
        const auto learner = must(Learner::open(config));
        while (must(learner->step()).records > 0) {
        }
    }
    told["learner_seconds"] = since(begin);
    std::uint64_t judgements = 0, bytes = 0;
    const auto store = must(Store::open(config->store, Store::Mode::Read));
    const auto reader = must(store->read());
    const auto scanned =
        reader->scan(Table::Accounts, "j", [&](std::string_view key, std::string_view value) {
            if (key.front() != 'j') return false;
            ++judgements;
            bytes += key.size() + value.size();
            return true;
        });
    if (!scanned) return 1;
    told["judgements"] = judgements;
    told["judgement_bytes"] = bytes;
    std::cout << told.dump(1) << '\n';
    return 0;
}
