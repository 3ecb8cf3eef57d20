// SPDX-License-Identifier: Apache-2.0
// The journal between processes: writers side by side, and writers killed at any moment while a
// reader tails.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>

#include "tests/support/child_process.hpp"
#include "tests/unit/journal/journal_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

// Record i of a process: its number, then bytes that follow from it, of a length that follows from
// it.
std::string numbered(int process, int i) {
    const std::string head = std::to_string(process) + ":" + std::to_string(i) + ":";
    return head + std::string(static_cast<std::size_t>((i * 7919 + process) % 9000),
                              static_cast<char>('a' + (i + process) % 26));
}

std::pair<int, int> number_of(const std::string& payload) {
    const auto colon = payload.find(':');
    return {std::stoi(payload), std::stoi(payload.substr(colon + 1))};
}

}  // namespace

TEST_CASE("two processes append side by side: every record once, each process's in its order") {
    const TempDir dir;
    const auto options = options_in(dir, 100'000);
    constexpr int kRecords = 400;
    const auto appending = [&](int process) {
        return [&, process] {
            auto writer = JournalWriter::open(options);
            if (!writer) return 1;
            for (int i = 0; i < kRecords; ++i)
                if (!(*writer)->append(RecordType::Note, from_unix(i), numbered(process, i)))
                    return 2;
            return 0;
        };
    };
    ChildProcess one(appending(1)), two(appending(2));
    CHECK(one.wait().exit_code == 0);
    CHECK(two.wait().exit_code == 0);
    auto reader = must(JournalReader::open(options));
    std::map<int, int> next;
    for (const auto& payload : payloads(*reader)) {
        const auto [process, i] = number_of(payload);
        REQUIRE(payload == numbered(process, i));
        REQUIRE(i == next[process]++);
    }
    CHECK(next == std::map<int, int>{{1, kRecords}, {2, kRecords}});
    CHECK(reader->damaged_bytes() == 0);
}

TEST_CASE("a writer inherited by fork takes a lock of its own") {
    const TempDir dir;
    const auto options = options_in(dir, 50'000);
    auto writer = must(JournalWriter::open(options));
    constexpr int kRecords = 200;
    ChildProcess child([&] {
        for (int i = 0; i < kRecords; ++i)
            if (!writer->append(RecordType::Note, from_unix(i), numbered(2, i))) return 1;
        return 0;
    });
    for (int i = 0; i < kRecords; ++i)
        must(writer->append(RecordType::Note, from_unix(i), numbered(1, i)));
    CHECK(child.wait().exit_code == 0);
    CHECK(payloads(options).size() == 2 * kRecords);
}

TEST_CASE(
    "writers killed at any moment lose no record that was reported, and a tailing reader sees each "
    "once and whole") {
    const TempDir dir;
    const auto options = options_in(dir, 300'000);
    std::filesystem::create_directory(options.directory);
    auto reader = must(JournalReader::open(options));
    std::map<int, std::set<int>> seen;
    const auto tail = [&] {
        for (const auto& payload : payloads(*reader)) {
            const auto [process, i] = number_of(payload);
            REQUIRE(payload == numbered(process, i));
            REQUIRE(seen[process].insert(i).second);
        }
    };
    constexpr int kRounds = 40;
    for (int round = 0; round < kRounds; ++round) {
        int reports[2] = {};
        REQUIRE(::pipe(reports) == 0);
        // A full pipe stops the writers, so that the reader need not follow far.
        REQUIRE(::fcntl(reports[1], F_SETPIPE_SZ, 4096) > 0);
        {
            const auto appending = [&](int process) {
                return [&, process] {
                    auto writer = JournalWriter::open(options);
                    if (!writer) return 1;
                    for (int i = 0;; ++i) {
                        if (!(*writer)->append(RecordType::Note, from_unix(i),
                                               numbered(process, i)))
                            return 2;
                        const int report[2] = {process, i};
                        if (::write(reports[1], report, sizeof report) !=
                            static_cast<ssize_t>(sizeof report))
                            return 3;
                    }
                };
            };
            ChildProcess one(appending(2 * round)), two(appending(2 * round + 1));
            int report[2] = {};
            // Not before something was written; then the moment varies with the round.
            REQUIRE(::read(reports[0], report, sizeof report) ==
                    static_cast<ssize_t>(sizeof report));
            std::map<int, int> reported{{report[0], report[1]}};
            const auto until =
                std::chrono::steady_clock::now() + std::chrono::microseconds(157 * round);
            do {
                tail();
                // Make room for more reports.
                REQUIRE(::read(reports[0], report, sizeof report) ==
                        static_cast<ssize_t>(sizeof report));
                reported[report[0]] = std::max(reported[report[0]], report[1]);
            } while (std::chrono::steady_clock::now() < until);
            one.kill();
            two.kill();
            REQUIRE(one.wait().signal == SIGKILL);
            REQUIRE(two.wait().signal == SIGKILL);
            ::close(reports[1]);
            while (::read(reports[0], report, sizeof report) == static_cast<ssize_t>(sizeof report))
                reported[report[0]] = std::max(reported[report[0]], report[1]);
            ::close(reports[0]);
            tail();
            for (const auto& [process, last] : reported) {
                CAPTURE(round, process, last);
                REQUIRE(static_cast<int>(seen[process].size()) >= last + 1);
                REQUIRE(*seen[process].rbegin() ==
                        static_cast<int>(seen[process].size()) - 1);  // no gap
            }
        }
    }
    // A last append cuts whatever is torn; a fresh reader finds the same records and no damage.
    append(*must(JournalWriter::open(options)), numbered(2 * kRounds, 0));
    tail();
    std::size_t total = 0;
    for (const auto& [process, records] : seen) total += records.size();
    auto fresh = must(JournalReader::open(options));
    CHECK(payloads(*fresh).size() == total);
    CHECK(fresh->damaged_bytes() == 0);
    CHECK(reader->damaged_bytes() == 0);
}
