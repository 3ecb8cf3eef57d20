// SPDX-License-Identifier: Apache-2.0
// Compressing and expiring closed segments, and reading them afterwards.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/journal/journal_builder.hpp"

using namespace kith;
using namespace kith::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kDay = 86400, kStart = 1'700'000'000;

// Ten segments of three records each, one segment a day.
struct TenDays {
    TempDir dir;
    JournalOptions options = options_in(dir, 3 * 232);
    Strings written;
    std::vector<JournalPosition> where;
    TenDays() {
        auto writer = must(JournalWriter::open(options));
        for (int i = 0; i < 30; ++i) {
            std::string payload = "record " + std::to_string(i) + " ";
            while (payload.size() < 200) payload += "text ";
            payload.resize(200);
            written.push_back(payload);
            where.push_back(append(*writer, payload, kStart + i / 3 * kDay));
        }
        if (where.back().segment != 10) FAIL("the fixture's sizes are wrong");
    }
    [[nodiscard]] bool plain(int n) const { return fs::exists(name(n)); }
    [[nodiscard]] bool compressed(int n) const { return fs::exists(name(n) + ".zst"); }
    [[nodiscard]] std::string name(int n) const {
        const std::string digits = std::to_string(n);
        return options.directory + "/" + std::string(10 - digits.size(), '0') + digits + ".kj";
    }
    [[nodiscard]] std::uintmax_t bytes() const {
        std::uintmax_t sum = 0;
        for (const auto& entry : fs::directory_iterator(options.directory))
            sum += entry.file_size();
        return sum;
    }
};

}  // namespace

TEST_CASE(
    "closed segments that were read are compressed, and read the same by order and by position") {
    TenDays days;
    const auto before = days.bytes();
    const auto freed = must(tidy_journal(days.options, {6, 100}, from_unix(kStart + 10 * kDay)));
    for (int n = 1; n <= 10; ++n) {
        CAPTURE(n);
        CHECK(days.compressed(n) == (n < 6));
        CHECK(days.plain(n) == (n >= 6));
    }
    CHECK(freed > 0);
    CHECK(before - days.bytes() == freed);
    auto reader = must(JournalReader::open(days.options));
    CHECK(payloads(*reader) == days.written);
    CHECK(reader->damaged_bytes() == 0);
    for (const std::size_t i : {29U, 0U, 7U, 6U, 18U, 1U})
        CHECK(must(reader->at(days.where[i])).payload == days.written[i]);
    must(reader->seek(days.where[4]));
    CHECK(must(reader->next())->payload == days.written[4]);
    CHECK(reader->at({2, 33}).error().code == ErrorCode::Corrupt);
}

TEST_CASE("the newest segment is never touched, even when everything was read and is old") {
    TenDays days;
    must(tidy_journal(days.options, {11, 0}, from_unix(kStart + 10'000 * kDay)));
    CHECK(days.plain(10));
    CHECK(std::distance(fs::directory_iterator(days.options.directory), fs::directory_iterator()) ==
          1);
    CHECK(append(*must(JournalWriter::open(days.options)), "x").segment >= 10);
    CHECK(payloads(days.options).size() == 4);
}

TEST_CASE("a segment is deleted when its newest record is older than keep, compressed or not") {
    TenDays days;
    days.options.keep = Seconds(4 * kDay);
    if (GENERATE(false, true)) must(tidy_journal(days.options, {9, 0}, from_unix(kStart)));
    // Segment n holds day n - 1; on day 8 those of day 0 to 3 are older than 4 days.
    must(tidy_journal(days.options, {9, 0}, from_unix(kStart + 8 * kDay)));
    for (int n = 1; n <= 10; ++n) {
        CAPTURE(n);
        CHECK((days.plain(n) || days.compressed(n)) == (n > 4));
    }
    CHECK(payloads(days.options) == Strings(days.written.begin() + 12, days.written.end()));
}

TEST_CASE("nothing that was not read yet is compressed or deleted") {
    TenDays days;
    days.options.keep = Seconds(kDay);
    const auto before = days.bytes();
    CHECK(must(tidy_journal(days.options, {1, 500}, from_unix(kStart + 100 * kDay))) == 0);
    CHECK(days.bytes() == before);
}

TEST_CASE("tidying again changes nothing") {
    TenDays days;
    must(tidy_journal(days.options, {10, 0}, from_unix(kStart + 10 * kDay)));
    const auto before = days.bytes();
    CHECK(must(tidy_journal(days.options, {10, 0}, from_unix(kStart + 10 * kDay))) == 0);
    CHECK(days.bytes() == before);
}

TEST_CASE("a reader in the middle of a segment goes on while it is compressed or deleted") {
    TenDays days;
    auto reader = must(JournalReader::open(days.options));
    CHECK(must(reader->next())->payload == days.written[0]);
    days.options.keep = Seconds(GENERATE(as<std::int64_t>(), 1, 100) * kDay);
    must(tidy_journal(days.options, {2, 0}, from_unix(kStart + 10 * kDay)));
    CHECK(payloads(*reader) == Strings(days.written.begin() + 1, days.written.end()));
}

TEST_CASE("a tidy killed between rename and unlink is finished by the next one") {
    TenDays days;
    const std::string plain = days.dir.read("journal/0000000001.kj");
    must(tidy_journal(days.options, {3, 0}, from_unix(kStart + 10 * kDay)));
    days.dir.write("journal/0000000001.kj", plain);
    CHECK(payloads(days.options) == days.written);
    must(tidy_journal(days.options, {3, 0}, from_unix(kStart + 10 * kDay)));
    CHECK_FALSE(days.plain(1));
    CHECK(payloads(days.options) == days.written);
}

TEST_CASE("unfinished files of killed processes are removed after an hour and not before") {
    TenDays days;
    days.dir.write("journal/.new-0123456789abcdef", "x");
    days.dir.write("journal/.zst-1-0000000001.kj.zst", "x");
    struct stat status {};
    REQUIRE(::stat(days.dir.file("journal/.new-0123456789abcdef").c_str(), &status) == 0);
    const std::int64_t made = status.st_ctim.tv_sec;
    days.options.keep = Seconds(36'500LL * kDay);
    must(tidy_journal(days.options, {2, 0}, from_unix(made + 3000)));
    CHECK(fs::exists(days.dir.file("journal/.new-0123456789abcdef")));
    must(tidy_journal(days.options, {2, 0}, from_unix(made + 3700)));
    CHECK_FALSE(fs::exists(days.dir.file("journal/.new-0123456789abcdef")));
    CHECK_FALSE(fs::exists(days.dir.file("journal/.zst-1-0000000001.kj.zst")));
    CHECK(payloads(days.options) == days.written);
}

TEST_CASE("a damaged or cut compressed segment costs its own records only, and is counted") {
    TenDays days;
    must(tidy_journal(days.options, {10, 0}, from_unix(kStart + 10 * kDay)));
    std::string bytes = days.dir.read("journal/0000000003.kj.zst");
    const auto how = GENERATE(range(0, 4));
    CAPTURE(how);
    if (how == 0) bytes.resize(bytes.size() / 2);
    if (how == 1) bytes[bytes.size() - 10] = static_cast<char>(~bytes[bytes.size() - 10]);
    if (how == 2) bytes = "";
    if (how == 3) bytes = std::string(3000, '\xee');
    days.dir.write("journal/0000000003.kj.zst", bytes);
    auto reader = must(JournalReader::open(days.options));
    const auto seen = payloads(*reader);
    // What lies before the damage may still be read; all other segments must be.
    CHECK(seen.size() >= 27);
    CHECK(Strings(seen.begin(), seen.begin() + 6) ==
          Strings(days.written.begin(), days.written.begin() + 6));
    CHECK(Strings(seen.end() - 21, seen.end()) ==
          Strings(days.written.begin() + 9, days.written.end()));
    if (seen.size() < 30 && how < 2) CHECK(reader->damaged_bytes() > 0);
    CHECK(must(reader->at(days.where[9])).payload == days.written[9]);
}

TEST_CASE("a compressed segment that expands without end costs its records, not memory") {
    TenDays days;
    must(tidy_journal(days.options, {10, 0}, from_unix(kStart + 10 * kDay)));
    // A zstd frame without content size: one RLE block of 128 KiB, over and over (RFC
    // 8878, 3.1.1.2).
    std::string bomb("\x28\xb5\x2f\xfd\x00\x58", 6);
    const std::string block("\x02\x00\x10\x00", 4);
    for (int i = 0; i < 100'000; ++i) bomb += block;
    days.dir.write("journal/0000000003.kj.zst", bomb);
    auto reader = must(JournalReader::open(days.options));
    CHECK(reader->at(days.where[6]).error().code == ErrorCode::Corrupt);
    CHECK(payloads(*reader).size() == 27);
}

TEST_CASE("the compressed file restores the plain one with the zstd tool's format") {
    TenDays days;
    must(tidy_journal(days.options, {2, 0}, from_unix(kStart + 10 * kDay)));
    const std::string bytes = days.dir.read("journal/0000000001.kj.zst");
    // A skippable frame of 40 bytes (0x184D2A5B), then a zstd frame (0xFD2FB528), both
    // little-endian.
    CHECK(bytes.substr(0, 8) == std::string("\x5b\x2a\x4d\x18\x28\x00\x00\x00", 8));
    CHECK(bytes.substr(48, 4) == "\x28\xb5\x2f\xfd");
}
