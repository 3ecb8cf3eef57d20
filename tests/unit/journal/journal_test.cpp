// SPDX-License-Identifier: Apache-2.0
// The journal when nothing is broken: order, positions, rotation, limits, several writers in one
// process.
#include "engine/journal/journal.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <thread>

#include "tests/unit/journal/journal_builder.hpp"

using namespace kith;
using namespace kith::test;

TEST_CASE("what is appended is read back in order, with type, time and position") {
    const TempDir dir;
    const auto options = options_in(dir);
    auto writer = must(JournalWriter::open(options));
    const auto first = must(writer->append(RecordType::Mail, from_unix(1'700'000'001), "first"));
    const auto second =
        must(writer->append(RecordType::Forget, from_unix(-5), std::string("\0\xff", 2)));

    auto reader = must(JournalReader::open(options));
    const auto a = must(reader->next());
    REQUIRE(a);
    CHECK(a->type == RecordType::Mail);
    CHECK(a->time == from_unix(1'700'000'001));
    CHECK(a->payload == "first");
    CHECK(a->position == first);
    CHECK(a->next == second);
    const auto b = must(reader->next());
    REQUIRE(b);
    CHECK(b->type == RecordType::Forget);
    CHECK(b->time == from_unix(-5));
    CHECK(b->payload == std::string("\0\xff", 2));
    CHECK(b->next == must(reader->end()));
    CHECK_FALSE(must(reader->next()));
    CHECK(reader->damaged_bytes() == 0);
}

TEST_CASE("an empty journal has no record and ends before everything") {
    const TempDir dir;
    std::filesystem::create_directory(dir.file("journal"));
    auto reader = must(JournalReader::open(options_in(dir)));
    CHECK_FALSE(must(reader->next()));
    CHECK(must(reader->end()) == JournalPosition{0, 0});
}

TEST_CASE("a journal that is not there cannot be read") {
    const TempDir dir;
    const auto reader = JournalReader::open(options_in(dir));
    REQUIRE_FALSE(reader);
    CHECK(reader.error().code == ErrorCode::NoInput);
}

TEST_CASE("a reader that has seen everything sees what comes later") {
    const TempDir dir;
    const auto options = options_in(dir);
    std::filesystem::create_directory(options.directory);
    auto reader = must(JournalReader::open(options));
    CHECK_FALSE(must(reader->next()));
    auto writer = must(JournalWriter::open(options));
    CHECK_FALSE(must(reader->next()));
    append(*writer, "one");
    CHECK(payloads(*reader) == Strings{"one"});
    append(*writer, "two");
    append(*writer, "three");
    CHECK(payloads(*reader) == Strings{"two", "three"});
}

TEST_CASE("every record from where the reader stands is visited, until one says no") {
    const TempDir dir;
    const auto options = options_in(dir);
    auto writer = must(JournalWriter::open(options));
    append(*writer, "one");
    const JournalPosition second = append(*writer, "two");
    append(*writer, "three");
    auto reader = must(JournalReader::open(options));
    must(reader->seek(second));
    Strings seen;
    const auto note = [&](const JournalRecord& record) {
        seen.push_back(record.payload);
        return ok();
    };
    must(for_each_record(*reader, note));
    CHECK(seen == Strings{"two", "three"});
    must(for_each_record(*reader, note));
    CHECK(seen.size() == 2);

    must(reader->seek({}));
    const Status stopped = for_each_record(*reader, [&](const JournalRecord& record) -> Status {
        if (record.payload == "two") return fail(ErrorCode::Full, "enough");
        return note(record);
    });
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == ErrorCode::Full);
    CHECK(seen.back() == "one");
}

TEST_CASE("a writer continues where another one stopped") {
    const TempDir dir;
    const auto options = options_in(dir);
    append(*must(JournalWriter::open(options)), "one");
    append(*must(JournalWriter::open(options)), "two");
    CHECK(payloads(options) == Strings{"one", "two"});
    CHECK_FALSE(std::filesystem::exists(options.directory + "/0000000002.kj"));
}

TEST_CASE("segments rotate by size and a tailing reader follows without loss") {
    const TempDir dir;
    const auto options = options_in(dir, 200);
    auto writer = must(JournalWriter::open(options));
    auto reader = must(JournalReader::open(options));
    Strings written, seen;
    JournalPosition last;
    for (int i = 0; i < 50; ++i) {
        written.push_back("record " + std::to_string(i));
        const auto at = append(*writer, written.back());
        CHECK(last < at);
        last = at;
        for (const auto& payload : payloads(*reader)) seen.push_back(payload);
    }
    CHECK(seen == written);
    CHECK(payloads(options) == written);
    // A record takes 32 + 8 or 9 bytes; a segment takes its fifth record (32 + 4 * 41 < 200) and is
    // then large enough.
    CHECK(last.segment == 10);
}

TEST_CASE("a record is found again by its position, in any order and any segment") {
    const TempDir dir;
    const auto options = options_in(dir, 200);
    auto writer = must(JournalWriter::open(options));
    std::vector<JournalPosition> where;
    for (int i = 0; i < 30; ++i) where.push_back(append(*writer, "record " + std::to_string(i)));
    auto reader = must(JournalReader::open(options));
    for (const int i : {29, 0, 13, 12, 28, 1}) {
        const auto record = must(reader->at(where[static_cast<std::size_t>(i)]));
        CHECK(record.payload == "record " + std::to_string(i));
        CHECK(record.position == where[static_cast<std::size_t>(i)]);
    }
    CHECK(must(reader->next())->payload == "record 0");
}

TEST_CASE("a position that no record begins at is refused") {
    const TempDir dir;
    const auto options = options_in(dir);
    auto writer = must(JournalWriter::open(options));
    const auto where = append(*writer, std::string(100, 'x'));
    auto reader = must(JournalReader::open(options));
    for (const std::uint64_t offset : {where.offset - 1, where.offset + 1, std::uint64_t{0},
                                       std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        const auto record = reader->at({where.segment, offset});
        REQUIRE_FALSE(record);
        CHECK(record.error().code == ErrorCode::Corrupt);
    }
    const auto gone = reader->at({where.segment + 1, where.offset});
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ErrorCode::NoInput);
}

TEST_CASE("reading goes on at a remembered position") {
    const TempDir dir;
    const auto options = options_in(dir, 200);
    auto writer = must(JournalWriter::open(options));
    for (int i = 0; i < 20; ++i) append(*writer, std::to_string(i));
    JournalPosition checkpoint;
    {
        auto reader = must(JournalReader::open(options));
        for (int i = 0; i < 7; ++i) checkpoint = must(reader->next())->next;
    }
    auto reader = must(JournalReader::open(options));
    REQUIRE(reader->seek(checkpoint));
    CHECK(must(reader->next())->payload == "7");
    REQUIRE(reader->seek({}));
    CHECK(must(reader->next())->payload == "0");
}

TEST_CASE("a position in a deleted segment goes to the oldest one left") {
    const TempDir dir;
    const auto options = options_in(dir, 100);
    auto writer = must(JournalWriter::open(options));
    std::vector<JournalPosition> where;
    for (int i = 0; i < 10; ++i)
        where.push_back(append(*writer, std::to_string(i) + std::string(60, 'x')));
    REQUIRE(where[2].segment == 3);  // one record a segment
    std::filesystem::remove(options.directory + "/0000000001.kj");
    std::filesystem::remove(options.directory + "/0000000002.kj");
    auto reader = must(JournalReader::open(options));
    REQUIRE(reader->seek(where[0]));
    CHECK(must(reader->next())->position == where[2]);
}

TEST_CASE("a checkpoint of a journal that was begun anew starts at its oldest record") {
    const TempDir dir;
    const auto options = options_in(dir, 100);
    auto writer = must(JournalWriter::open(options));
    append(*writer, "new");
    auto reader = must(JournalReader::open(options));
    REQUIRE(reader->seek({57, 4711}));
    CHECK(payloads(*reader) == Strings{"new"});
}

TEST_CASE("a record of the largest size is taken and one byte more is refused") {
    const TempDir dir;
    auto options = options_in(dir);
    options.max_record_bytes = 1000;
    auto writer = must(JournalWriter::open(options));
    append(*writer, std::string(1000, 'a'));
    const auto refused = writer->append(RecordType::Note, from_unix(0), std::string(1001, 'b'));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Usage);
    append(*writer, "");
    CHECK(payloads(options) == Strings{std::string(1000, 'a'), ""});
}

TEST_CASE(
    "a record larger than the reader's limit is skipped as damage, and the next one is read") {
    const TempDir dir;
    auto options = options_in(dir);
    auto writer = must(JournalWriter::open(options));
    append(*writer, std::string(1001, 'a'));
    append(*writer, std::string(1000, 'b'));
    options.max_record_bytes = 1000;
    auto reader = must(JournalReader::open(options));
    CHECK(payloads(*reader) == Strings{std::string(1000, 'b')});
    CHECK(reader->damaged_bytes() == kHeadBytes + 1001);
}

TEST_CASE("many threads and two writers in one process lose nothing") {
    const TempDir dir;
    const auto options = options_in(dir, 2000);
    auto one = must(JournalWriter::open(options));
    auto two = must(JournalWriter::open(options));
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i)
                if (!(t % 2 == 0 ? one : two)
                         ->append(RecordType::Note, from_unix(i), std::to_string(t * 1000 + i)))
                    return;
        });
    for (auto& thread : threads) thread.join();
    auto reader = must(JournalReader::open(options));
    const auto all = payloads(*reader);
    CHECK(all.size() == 800);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == 800);
    CHECK(reader->damaged_bytes() == 0);
}

TEST_CASE("sync succeeds, also after rotations") {
    const TempDir dir;
    const auto options = options_in(dir, 100);
    auto writer = must(JournalWriter::open(options));
    CHECK(writer->sync());
    for (int i = 0; i < 20; ++i) append(*writer, std::string(80, 's'));
    CHECK(writer->sync());
}

TEST_CASE("segments are readable by owner and group only") {
    const TempDir dir;
    const auto options = options_in(dir);
    append(*must(JournalWriter::open(options)), "x");
    struct stat status {};
    REQUIRE(::stat((options.directory + "/0000000001.kj").c_str(), &status) == 0);
    CHECK((status.st_mode & 0137U) == 0);
}

TEST_CASE("foreign files in the directory are left alone") {
    const TempDir dir;
    const auto options = options_in(dir);
    append(*must(JournalWriter::open(options)), "x");
    for (const char* name :
         {"journal/README", "journal/2.kj", "journal/0000000003.kj.bak", "journal/00000000004.kj",
          "journal/0000000000.kj", "journal/99999999999999999999999.kj"})
        dir.write(name, "not ours");
    CHECK(payloads(options) == Strings{"x"});
    CHECK(append(*must(JournalWriter::open(options)), "y").segment == 1);
}
