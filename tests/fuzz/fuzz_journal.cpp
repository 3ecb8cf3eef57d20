// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a journal segment, plain (first byte even) or compressed (odd): records in
// ascending order that are found again by their positions, no more bytes than the file has, and a
// writer that appends behind them without harm.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/journal/journal.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

struct Reading {
    std::vector<kith::JournalRecord> records;
    std::uint64_t damaged = 0;
    bool refused = false;
};

Reading read_all(const kith::JournalOptions& options) {
    Reading reading;
    auto reader = kith::JournalReader::open(options);
    require(reader.has_value());
    for (;;) {
        auto record = (*reader)->next();
        if (!record) {
            reading.refused = true;
            break;
        }
        if (!*record) break;
        if (!reading.records.empty()) require(reading.records.back().next <= (*record)->position);
        require((*record)->position < (*record)->next);
        const auto same = (*reader)->at((*record)->position);
        require(same && same->payload == (*record)->payload);
        reading.records.push_back(std::move(**record));
    }
    reading.damaged = (*reader)->damaged_bytes();
    return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    static const kith::test::TempDir dir;
    const bool compressed = (bytes[0] & 1) != 0;
    const std::string_view content(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    std::error_code ignored;
    std::filesystem::remove_all(dir.file("journal"), ignored);
    dir.write(compressed ? "journal/0000000007.kj.zst" : "journal/0000000007.kj", content);
    kith::JournalOptions options;
    options.directory = dir.file("journal");
    options.segment_bytes = 4096;
    options.max_record_bytes = 2048;

    const Reading before = read_all(options);
    std::uint64_t sum = before.damaged;
    for (const auto& record : before.records) sum += 32 + record.payload.size();
    if (!compressed) require(sum <= content.size());

    auto writer = kith::JournalWriter::open(options);
    require(writer.has_value());
    const auto position = (*writer)->append(kith::RecordType::Note, kith::from_unix(0), "appended");
    require(position.has_value() || before.refused);
    if (!position) return 0;
    const Reading after = read_all(options);
    if (before.refused) return 0;
    require(after.records.size() == before.records.size() + 1);
    for (std::size_t i = 0; i < before.records.size(); ++i) {
        require(after.records[i].payload == before.records[i].payload);
        require(after.records[i].position == before.records[i].position);
    }
    require(after.records.back().position == *position &&
            after.records.back().payload == "appended");
    return 0;
}
