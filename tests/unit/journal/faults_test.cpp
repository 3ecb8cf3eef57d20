// SPDX-License-Identifier: Apache-2.0
// The journal when bytes are missing or wrong, or there is no room.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "engine/base/crc32c.hpp"
#include "tests/support/child_process.hpp"
#include "tests/unit/journal/journal_builder.hpp"

using namespace kith;
using namespace kith::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kFirst = "journal/0000000001.kj";

}  // namespace

TEST_CASE("a last record cut at any byte is waited for, then replaced by the next writer's") {
    const TempDir dir;
    const auto options = options_in(dir);
    JournalPosition last;
    {
        auto writer = must(JournalWriter::open(options));
        append(*writer, "one");
        append(*writer, "two");
        last = append(*writer, "the last one");
    }
    const std::string whole = dir.read(kFirst);
    REQUIRE(whole.size() == last.offset + kHeadBytes + 12);
    for (auto size = static_cast<std::size_t>(last.offset); size < whole.size(); ++size) {
        CAPTURE(size);
        dir.write(kFirst, whole.substr(0, size));
        auto reader = must(JournalReader::open(options));
        REQUIRE(payloads(*reader) == Strings{"one", "two"});
        REQUIRE_FALSE(must(reader->next()));
        auto writer = must(JournalWriter::open(options));
        REQUIRE(append(*writer, "after") == last);
        REQUIRE(payloads(*reader) == Strings{"after"});
        REQUIRE(reader->damaged_bytes() == 0);
        REQUIRE(fs::file_size(dir.file(kFirst)) == last.offset + kHeadBytes + 5);
    }
}

TEST_CASE("a writer that is already open cuts what another one left torn") {
    const TempDir dir;
    const auto options = options_in(dir);
    auto writer = must(JournalWriter::open(options));
    append(*writer, "one");
    const std::string whole = dir.read(kFirst);
    append(*must(JournalWriter::open(options)), "another process's");
    fs::resize_file(dir.file(kFirst), whole.size() + 40);
    const auto position = append(*writer, "two");
    CHECK(position.offset == whole.size());
    CHECK(payloads(options) == Strings{"one", "two"});
}

TEST_CASE("the torn end of a closed segment is counted and passed") {
    const TempDir dir;
    const auto options = options_in(dir, 100);
    {
        auto writer = must(JournalWriter::open(options));
        for (const char* text : {"one", "two", "three", "four", "five"})
            append(*writer, std::string(30, '.') + text);
    }
    REQUIRE(fs::exists(dir.file("journal/0000000002.kj")));
    fs::resize_file(dir.file(kFirst), fs::file_size(dir.file(kFirst)) - 1);
    auto reader = must(JournalReader::open(options));
    Strings seen;
    for (const auto& payload : payloads(*reader)) seen.push_back(payload.substr(30));
    CHECK(seen == Strings{"one", "three", "four", "five"});
    CHECK(reader->damaged_bytes() == kHeadBytes + 33 - 1);
}

TEST_CASE("a flipped byte costs one record at most, wherever it is") {
    const TempDir dir;
    const auto options = options_in(dir);
    const Strings written = {"first", "second", "third", "fourth"};
    std::vector<JournalPosition> where;
    {
        auto writer = must(JournalWriter::open(options));
        for (const auto& payload : written) where.push_back(append(*writer, payload));
    }
    const std::string whole = dir.read(kFirst);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        CAPTURE(at);
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        dir.write(kFirst, damaged);
        Strings expected = written;
        std::size_t hit = written.size();
        for (std::size_t i = 0; i < where.size(); ++i)
            if (at >= where[i].offset) hit = i;
        if (hit < written.size())
            expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(hit));
        auto reader = must(JournalReader::open(options));
        REQUIRE(payloads(*reader) == expected);
        if (hit < written.size()) {
            REQUIRE(reader->at(where[hit]).error().code == ErrorCode::Corrupt);
            REQUIRE(must(reader->at(where[(hit + 1) % 4])).payload == written[(hit + 1) % 4]);
        }
        // A writer goes on behind it, and the reader sees that.
        append(*must(JournalWriter::open(options)), "later");
        REQUIRE(payloads(*reader) == Strings{"later"});
    }
}

TEST_CASE("damage over several records costs exactly those") {
    const TempDir dir;
    const auto options = options_in(dir);
    std::vector<JournalPosition> where;
    {
        auto writer = must(JournalWriter::open(options));
        for (int i = 0; i < 100; ++i)
            where.push_back(append(*writer, std::string(5000, static_cast<char>('a' + i % 26))));
    }
    std::string bytes = dir.read(kFirst);
    // From the middle of record 20's payload to the middle of record 80's: larger than one reading
    // buffer.
    for (std::size_t at = where[20].offset + 100; at < where[80].offset + 100; ++at)
        bytes[at] = static_cast<char>(at * 7);
    dir.write(kFirst, bytes);
    auto reader = must(JournalReader::open(options));
    CHECK(payloads(*reader).size() == 100 - 61);
    CHECK(reader->damaged_bytes() == where[81].offset - where[20].offset);
}

TEST_CASE("a copy of a record inside a payload is not taken for one after damage") {
    const TempDir dir;
    const auto options = options_in(dir);
    JournalPosition second;
    {
        auto writer = must(JournalWriter::open(options));
        append(*writer, "harmless");
        const std::string record =
            dir.read(kFirst).substr(kHeadBytes);  // even with the segment's own marker
        second = append(*writer, record + record);
        append(*writer, "last");
    }
    std::string bytes = dir.read(kFirst);
    bytes[second.offset] ^= 1;
    dir.write(kFirst, bytes);
    CHECK(payloads(options) == Strings{"harmless", "last"});
}

TEST_CASE("a damaged last record is not lost sight of by a later writer") {
    const TempDir dir;
    const auto options = options_in(dir);
    {
        auto writer = must(JournalWriter::open(options));
        append(*writer, "one");
        append(*writer, "two");
    }
    std::string bytes = dir.read(kFirst);
    bytes.back() ^= 1;
    dir.write(kFirst, bytes);
    auto reader = must(JournalReader::open(options));
    CHECK(payloads(*reader) == Strings{"one"});
    append(*must(JournalWriter::open(options)), "three");
    CHECK(payloads(*reader) == Strings{"three"});
    CHECK(payloads(options) == Strings{"one", "three"});
}

TEST_CASE(
    "a segment whose header and first record are damaged is left behind by the writer, and passed "
    "by the reader") {
    const TempDir dir;
    const auto options = options_in(dir);
    append(*must(JournalWriter::open(options)), "lost");
    std::string bytes = dir.read(kFirst);
    bytes[0] ^= 1;
    bytes[kHeadBytes] ^= 1;
    dir.write(kFirst, bytes);
    auto reader = must(JournalReader::open(options));
    CHECK_FALSE(must(reader->next()));
    CHECK(append(*must(JournalWriter::open(options)), "new").segment == 2);
    CHECK(payloads(*reader) == Strings{"new"});
    CHECK(reader->damaged_bytes() == bytes.size() - kHeadBytes);
    CHECK(dir.read(kFirst) == bytes);
}

TEST_CASE("an empty or garbage file with a segment's name stops neither writer nor reader") {
    const TempDir dir;
    const auto options = options_in(dir);
    dir.write(kFirst, GENERATE(as<std::string>(), "", "x", std::string(31, '\0'),
                               std::string(100'000, 'g')));
    CHECK(append(*must(JournalWriter::open(options)), "new").segment == 2);
    CHECK(payloads(options) == Strings{"new"});
}

TEST_CASE("a segment of a newer format is refused, not skipped and not written to") {
    const TempDir dir;
    const auto options = options_in(dir);
    append(*must(JournalWriter::open(options)), "x");
    std::string head = dir.read(kFirst);
    head[24] = 2;  // format version
    const std::uint32_t sum = crc32c(std::string_view(head).substr(0, 28));
    for (int i = 0; i < 4; ++i)
        head[static_cast<std::size_t>(28 + i)] = static_cast<char>(sum >> (8 * i) & 0xFF);
    dir.write(kFirst, head);
    auto reader = must(JournalReader::open(options));
    CHECK(reader->next().error().code == ErrorCode::Corrupt);
    auto writer = must(JournalWriter::open(options));
    CHECK(writer->append(RecordType::Note, from_unix(0), "y").error().code == ErrorCode::Corrupt);
    CHECK(dir.read(kFirst) == head);
}

TEST_CASE("a checkpoint behind the end, as after a power failure, sees what is appended next") {
    const TempDir dir;
    const auto options = options_in(dir);
    JournalPosition checkpoint;
    std::uintmax_t size_after_two = 0;
    {
        auto writer = must(JournalWriter::open(options));
        append(*writer, "one");
        append(*writer, "two");
        size_after_two = fs::file_size(dir.file(kFirst));
        append(*writer, "never synced");
        auto reader = must(JournalReader::open(options));
        while (const auto record = must(reader->next())) checkpoint = record->next;
    }
    const auto torn = GENERATE(0, 10, 40);
    fs::resize_file(dir.file(kFirst), size_after_two + static_cast<std::uintmax_t>(torn));
    auto reader = must(JournalReader::open(options));
    must(reader->seek(checkpoint));
    CHECK_FALSE(must(reader->next()));
    append(*must(JournalWriter::open(options)), "new");
    CHECK(payloads(*reader) == Strings{"new"});
}

TEST_CASE("a full disk is Full, leaves no byte behind, and the next append with room works") {
    const TempDir dir;
    const auto options = options_in(dir);
    append(*must(JournalWriter::open(options)), "before");
    const auto size = fs::file_size(dir.file(kFirst));
    const auto room =
        GENERATE(as<std::uintmax_t>(), 0, 1, 31, 32, 33, 131);  // the record takes 32 + 100 bytes
    const Ending ending = in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        auto writer = JournalWriter::open(options);
        if (!writer) return 1;
        rlimit limit{size + room, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
        const auto refused =
            (*writer)->append(RecordType::Note, from_unix(0), std::string(100, 'x'));
        if (refused || refused.error().code != ErrorCode::Full) return 3;
        if (fs::file_size(dir.file(kFirst)) != size) return 4;
        limit.rlim_cur = size + 132;
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 5;
        return (*writer)->append(RecordType::Note, from_unix(0), std::string(100, 'x')) ? 0 : 6;
    });
    CHECK(ending.exit_code == 0);
    CHECK(payloads(options) == Strings{"before", std::string(100, 'x')});
}

TEST_CASE("no room for the next segment is Full, and it is made when there is room") {
    const TempDir dir;
    const auto options = options_in(dir, 64);
    append(*must(JournalWriter::open(options)), std::string(100, 'a'));
    const Ending ending = in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        auto writer = JournalWriter::open(options);
        if (!writer) return 1;
        rlimit limit{10, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
        const auto refused = (*writer)->append(RecordType::Note, from_unix(0), "b");
        if (refused || refused.error().code != ErrorCode::Full) return 3;
        limit.rlim_cur = RLIM_INFINITY;
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 4;
        return (*writer)->append(RecordType::Note, from_unix(0), "b") ? 0 : 5;
    });
    CHECK(ending.exit_code == 0);
    CHECK(payloads(options) == Strings{std::string(100, 'a'), "b"});
    CHECK(std::distance(fs::directory_iterator(options.directory), fs::directory_iterator()) == 2);
}

TEST_CASE(
    "in a read-only directory records are appended until a new segment is needed, which is a "
    "matter of permission") {
    const TempDir dir;
    const auto options = options_in(dir, 150);
    append(*must(JournalWriter::open(options)), "one");
    fs::permissions(dir.path(), fs::perms(0755));
    fs::permissions(options.directory, fs::perms(0555));
    fs::permissions(dir.file(kFirst), fs::perms(0666));
    const Ending ending = in_child([&] {
        if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 1;
        auto writer = JournalWriter::open(options);
        if (!writer) return 2;
        if (!(*writer)->append(RecordType::Note, from_unix(0), std::string(100, 'x'))) return 3;
        const auto refused = (*writer)->append(RecordType::Note, from_unix(0), "y");
        if (refused || refused.error().code != ErrorCode::Permission) return 4;
        auto reader = JournalReader::open(options);
        if (!reader) return 5;
        for (int i = 0; i < 2; ++i) {
            const auto record = (*reader)->next();
            if (!record || !*record) return 6;
        }
        return 0;
    });
    fs::permissions(options.directory, fs::perms(0755));
    CHECK(ending.exit_code == 0);
}

TEST_CASE("a directory that may not be made or read is a matter of permission") {
    const TempDir dir;
    const auto options = options_in(dir);
    fs::permissions(dir.path(), fs::perms(0555));
    const Ending ending = in_child([&] {
        if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 1;
        const auto writer = JournalWriter::open(options);
        return !writer && writer.error().code == ErrorCode::Permission ? 0 : 2;
    });
    fs::permissions(dir.path(), fs::perms(0755));
    CHECK(ending.exit_code == 0);
}

TEST_CASE("what root appends belongs to the owner of the directory") {
    const TempDir dir;
    const auto options = options_in(dir, 64);
    fs::create_directory(options.directory);
    if (::geteuid() == 0) REQUIRE(::chown(options.directory.c_str(), 65534, 65534) == 0);
    auto writer = must(JournalWriter::open(options));
    for (int i = 0; i < 3; ++i) append(*writer, std::string(100, 'x'));
    struct stat directory {};
    REQUIRE(::stat(options.directory.c_str(), &directory) == 0);
    for (const auto& entry : fs::directory_iterator(options.directory)) {
        struct stat file {};
        REQUIRE(::stat(entry.path().c_str(), &file) == 0);
        CHECK(file.st_uid == directory.st_uid);
        CHECK(file.st_gid == directory.st_gid);
    }
}

TEST_CASE("a segment locked by a stopped process delays an append for two seconds, not for ever") {
    const TempDir dir;
    const auto options = options_in(dir);
    auto writer = must(JournalWriter::open(options));
    append(*writer, "one");
    const int fd = ::open(dir.file(kFirst).c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(::flock(fd, LOCK_EX) == 0);
    const auto start = std::chrono::steady_clock::now();
    const auto refused = writer->append(RecordType::Note, from_unix(0), "two");
    const auto waited = std::chrono::steady_clock::now() - start;
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::TryAgain);
    CHECK(waited >= std::chrono::milliseconds(1900));
    ::close(fd);
    append(*writer, "two");
    CHECK(payloads(options) == Strings{"one", "two"});
}
