// SPDX-License-Identifier: Apache-2.0
// Small helpers of the journal's tests: open or fail the test, read all, bytes of segment files.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal/journal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/must.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::test {

inline constexpr std::size_t kHeadBytes = 32;  ///< of a segment and of a record (FORMAT.md)

inline JournalOptions options_in(const TempDir& dir, std::uint64_t segment_bytes = 16U << 20) {
    JournalOptions options;
    options.directory = dir.file("journal");
    options.segment_bytes = segment_bytes;
    return options;
}

inline JournalPosition append(JournalWriter& writer, std::string_view payload,
                              std::int64_t time = 1'700'000'000) {
    return must(writer.append(RecordType::Note, from_unix(time), payload));
}

inline std::vector<std::string> payloads(JournalReader& reader) {
    std::vector<std::string> all;
    for (;;) {
        auto record = must(reader.next());
        if (!record) return all;
        all.push_back(record->payload);
    }
}

inline std::vector<std::string> payloads(const JournalOptions& options) {
    return payloads(*must(JournalReader::open(options)));
}

using Strings = std::vector<std::string>;

}  // namespace kith::test
