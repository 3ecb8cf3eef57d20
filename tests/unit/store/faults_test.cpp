// SPDX-License-Identifier: Apache-2.0
// The store when its file is not what it should be, or there is no room. A crash of the process
// fails the test: where the damage is random it happens in a child, whose ending is looked at.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "engine/store/fault_guard.hpp"
#include "engine/store/store.hpp"
#include "tests/support/child_process.hpp"
#include "tests/unit/store/foreign.hpp"
#include "tests/unit/store/store_builder.hpp"

using namespace kith;
using namespace kith::test;
namespace fs = std::filesystem;

namespace {

constexpr int kEntries = 400;
std::string key_of(int i) { return "key " + std::to_string(1000 + i); }
// Every eighth value needs pages of its own.
std::string value_of(int i) {
    return std::string(static_cast<std::size_t>(i % 8 == 0 ? 5000 : 100 + i % 90),
                       static_cast<char>('a' + i % 26));
}

void fill(const StoreOptions& options) {
    auto store = open_store(options, Store::Mode::Write);
    auto writer = must(store->write());
    for (int i = 0; i < kEntries; ++i) must(writer->put(Table::Profiles, key_of(i), value_of(i)));
    must(writer->commit());
}

// What a child found; 0 = all entries are there and right.
enum Outcome : int { kAllRight = 0, kError = 1, kAbsent = 2, kWrongValue = 3 };

Outcome read_everything(const StoreOptions& options) {
    auto store = Store::open(options, Store::Mode::Read);
    if (!store) return kError;
    auto reader = (*store)->read();
    if (!reader) return kError;
    Outcome outcome = kAllRight;
    for (int i = 0; i < kEntries; ++i) {
        const auto value = (*reader)->get(Table::Profiles, key_of(i));
        if (!value)
            outcome = std::max(outcome, kError);
        else if (!*value)
            outcome = std::max(outcome, kAbsent);
        else if (**value != value_of(i))
            return kWrongValue;
    }
    bool wrong = false;
    const auto scanned =
        (*reader)->scan(Table::Profiles, {}, [&](std::string_view key, std::string_view value) {
            const int i =
                key.size() == 8 ? std::atoi(std::string(key.substr(4)).c_str()) - 1000 : -1;
            wrong = wrong || i < 0 || i >= kEntries || value != value_of(i);
            return !wrong;
        });
    if (wrong) return kWrongValue;
    if (!scanned) outcome = std::max(outcome, kError);
    return outcome;
}

// Writing to a damaged store may fail or succeed, but not crash.
int write_something(const StoreOptions& options) {
    auto store = Store::open(options, Store::Mode::Write);
    if (!store) return kError;
    auto writer = (*store)->write();
    if (!writer) return kError;
    for (int i = 0; i < kEntries; i += 3) {
        if (!(*writer)->put(Table::Profiles, key_of(i), "new")) return kError;
        if (!(*writer)->erase(Table::Profiles, key_of(i + 1))) return kError;
    }
    return (*writer)->commit() ? kAllRight : kError;
}

std::string garbage(std::size_t bytes) {
    std::mt19937 random(4711);
    std::string out(bytes, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
}

}  // namespace

TEST_CASE("garbage as data.mdb is Corrupt for reader and writer, and stays untouched") {
    const auto bytes = GENERATE(as<std::size_t>(), 1, 100, 4095, 4096, 8191, 8192, 100'000);
    const TempDir dir;
    dir.write("store/data.mdb", garbage(bytes));
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::Corrupt);
    CHECK(code_of(options_in(dir), Store::Mode::Write) == ErrorCode::Corrupt);
    CHECK(dir.read("store/data.mdb") == garbage(bytes));
}

TEST_CASE("an LMDB file of another program is Corrupt for reader and writer, and stays untouched") {
    const TempDir dir;
    const char* table = GENERATE(as<const char*>(), nullptr, "other", "meta");
    fs::create_directory(dir.file("store"));
    // Also one that happens to hold a plain entry with a table's name.
    make_lmdb(dir.file("store"), table, GENERATE(as<std::string>(), "meta", "kith.format"),
              "value");
    const auto before = dir.read("store/data.mdb");
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::Corrupt);
    CHECK(code_of(options_in(dir), Store::Mode::Write) == ErrorCode::Corrupt);
    CHECK(dir.read("store/data.mdb") == before);
}

/// `number` as the second 32-bit word of what LMDB begins with at `offset`, where its version
/// stands.
void set_version(const std::string& file, std::streamoff offset, std::uint32_t number) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(offset + 4);
    out.write(reinterpret_cast<const char*>(&number), sizeof number);
    if (!out) throw std::runtime_error("cannot patch " + file);
}

TEST_CASE("STORE-06: a file of another version of LMDB is an error, and stays untouched") {
    const auto version = GENERATE(as<std::uint32_t>(), 0, 2, 999);
    const TempDir dir;
    fill(options_in(dir));
    constexpr std::streamoff kPageHeader = 16, kPage = 4096;
    for (const std::streamoff page : {std::streamoff{0}, kPage})
        set_version(dir.file("store/data.mdb"), page + kPageHeader, version);
    const auto before = dir.read("store/data.mdb");
    const auto outcome = [&](Store::Mode mode) {
        return in_child([&] { return Store::open(options_in(dir), mode) ? 1 : 0; }).exit_code;
    };
    CHECK(outcome(Store::Mode::Read) == 0);
    CHECK(outcome(Store::Mode::Write) == 0);
    CHECK(dir.read("store/data.mdb") == before);
}

TEST_CASE("STORE-06: a lock file of another version of LMDB that is in use is an error") {
    const TempDir dir;
    fill(options_in(dir));
    const Signpost is_open;
    const ChildProcess other([&] {
        const auto store = Store::open(options_in(dir), Store::Mode::Read);
        const auto reader = (*store)->read();
        is_open.reach();
        ::pause();
        return 0;
    });
    is_open.await();
    const auto outcome = [&] {
        return in_child([&] { return read_everything(options_in(dir)); }).exit_code;
    };
    CHECK(outcome() == kAllRight);
    set_version(dir.file("store/lock.mdb"), 0, 0x12345678);
    CHECK(outcome() == kError);
}

TEST_CASE("garbage as lock.mdb does not matter to the first who opens") {
    const TempDir dir;
    fill(options_in(dir));
    dir.write("store/lock.mdb", garbage(GENERATE(as<std::size_t>(), 0, 10, 8192, 200'000)));
    CHECK(in_child([&] { return read_everything(options_in(dir)); }).exit_code == kAllRight);
}

TEST_CASE(
    "STORE-05: a file truncated at any page is an error for readers, never a crash or a wrong "
    "value") {
    const TempDir dir;
    fill(options_in(dir));
    const std::string whole = dir.read("store/data.mdb");
    REQUIRE(whole.size() > 50 * 4096);
    int errors = 0;
    for (std::size_t size = 0; size < whole.size(); size += 4096) {
        dir.write("store/data.mdb", whole.substr(0, size));
        const Ending ending = in_child([&] { return read_everything(options_in(dir)); });
        CAPTURE(size, ending.signal);
        // All right is only allowed where the pages that are gone held nothing.
        REQUIRE((ending.exit_code == kError || ending.exit_code == kAllRight));
        if (ending.exit_code == kError) ++errors;
        // As the learner does: what reading shows to be damaged is not written to. LMDB writes past
        // its buffers in damaged pages, which no guard can take back.
        const Ending writing = in_child([&] {
            const int sound = read_everything(options_in(dir));
            return sound != kAllRight ? kError : write_something(options_in(dir));
        });
        CAPTURE(writing.signal);
        REQUIRE((writing.exit_code == kError || writing.exit_code == kAllRight));
    }
    CHECK(errors > 50);
}

TEST_CASE("a file truncated within a page is Corrupt at once") {
    const TempDir dir;
    fill(options_in(dir));
    fs::resize_file(dir.file("store/data.mdb"), fs::file_size(dir.file("store/data.mdb")) - 1);
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::Corrupt);
    CHECK(code_of(options_in(dir), Store::Mode::Write) == ErrorCode::Corrupt);
}

TEST_CASE(
    "STORE-05: a store truncated while it is open gives errors, and is opened again when it is "
    "whole") {
    const TempDir dir;
    fill(options_in(dir));
    const std::string whole = dir.read("store/data.mdb");
    auto store = open_store(options_in(dir), Store::Mode::Read);
    auto reader = must(store->read());
    REQUIRE(must(reader->get(Table::Profiles, key_of(1))) == value_of(1));
    fs::resize_file(dir.file("store/data.mdb"), 2 * 4096);

    const auto value = reader->get(Table::Profiles, key_of(2));
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::Corrupt);
    CHECK(reader->scan(Table::Profiles, {}, [](auto, auto) { return true; }).error().code ==
          ErrorCode::Corrupt);
    CHECK(store->read().error().code == ErrorCode::Corrupt);
    CHECK(store->generation().error().code == ErrorCode::Corrupt);
    CHECK(store->stats().error().code == ErrorCode::Corrupt);
    fs::create_directory(dir.file("copy"));
    CHECK(store->copy_to(dir.file("copy")).error().code == ErrorCode::Corrupt);
    CHECK(store->release_dead_readers() == 0);

    reader.reset();
    store.reset();
    dir.write("store/data.mdb", whole);
    CHECK(read_everything(options_in(dir)) == kAllRight);
}

TEST_CASE(
    "a store truncated in the middle of a write transaction fails it, and the next process can "
    "write again") {
    const TempDir dir;
    fill(options_in(dir));
    const std::string whole = dir.read("store/data.mdb");
    const Ending ending = in_child([&] {
        auto store = Store::open(options_in(dir), Store::Mode::Write);
        if (!store) return 1;
        auto writer = (*store)->write();
        if (!(*writer)->put(Table::Profiles, key_of(1), "new")) return 2;
        fs::resize_file(dir.file("store/data.mdb"), 2 * 4096);
        Status put = ok();
        for (int i = 0; i < kEntries && put; ++i)
            put = (*writer)->put(Table::Profiles, key_of(i), "new");
        if (put || put.error().code != ErrorCode::Corrupt) return 3;
        if ((*writer)->commit() || (*store)->write() || (*store)->read()) return 4;
        writer = fail(ErrorCode::Internal, "");
        store = fail(ErrorCode::Internal, "");
        const auto again = Store::open(options_in(dir), Store::Mode::Write);
        return !again && again.error().code == ErrorCode::Unavailable ? 0 : 5;
    });
    CHECK(ending.exit_code == 0);
    dir.write("store/data.mdb", whole);
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, key_of(1), "new");
    CHECK(get(*store, key_of(1)) == "new");
}

TEST_CASE(
    "a store that is replaced while it is open says so, and the new one is read after opening "
    "again") {
    const TempDir dir;
    fill(options_in(dir));
    auto other = options_in(dir);
    other.directory = dir.file("other");
    put(*open_store(other, Store::Mode::Write), "new", "store");
    auto store = open_store(options_in(dir), Store::Mode::Read);
    REQUIRE(get(*store, key_of(0)));
    const std::string by = GENERATE(as<std::string>(), "a file of the same name",
                                    "a directory of the same name", "nothing");
    CAPTURE(by);
    if (by == "nothing") {
        fs::remove(dir.file("store/data.mdb"));
    } else if (by == "a file of the same name") {
        fs::rename(dir.file("other/data.mdb"), dir.file("store/data.mdb"));
    } else {
        fs::rename(dir.file("store"), dir.file("old"));
        fs::rename(dir.file("other"), dir.file("store"));
    }
    CHECK(store->read().error().code == ErrorCode::Corrupt);
    store.reset();
    if (by != "nothing")
        CHECK(get(*open_store(options_in(dir), Store::Mode::Read), "new") == "store");
}

TEST_CASE("flipped bytes give errors or missing entries, never a crash or a wrong value") {
    const TempDir dir;
    fill(options_in(dir));
    const std::string whole = dir.read("store/data.mdb");
    const auto seed = GENERATE(as<unsigned>(), 1, 2, 3);
    std::mt19937 random(seed);
    int noticed = 0;
    for (int round = 0; round < 60; ++round) {
        std::string damaged = whole;
        const int flips = 1 << (round % 8);
        for (int i = 0; i < flips; ++i)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        dir.write("store/data.mdb", damaged);
        const Ending reading = in_child([&] { return read_everything(options_in(dir)); });
        CAPTURE(seed, round, reading.signal);
        REQUIRE(reading.exit_code >= kAllRight);
        REQUIRE(reading.exit_code <= kAbsent);
        if (reading.exit_code != kAllRight) ++noticed;
        const Ending writing = in_child([&] { return write_something(options_in(dir)); });
        CAPTURE(writing.signal);
        REQUIRE(writing.exit_code >= kAllRight);
        REQUIRE(writing.exit_code <= kError);
    }
    CHECK(noticed > 30);
}

TEST_CASE("a flipped bit in a value is an error, and the other values are read") {
    const TempDir dir;
    {
        auto store = open_store(options_in(dir), Store::Mode::Write);
        put(*store, "bad", "the value that is damaged");
        put(*store, "good", "the value beside it");
    }
    std::string bytes = dir.read("store/data.mdb");
    const auto at = bytes.rfind("the value that is damaged");
    REQUIRE(at != std::string::npos);
    for (auto each = bytes.find("the value that is damaged"); each != std::string::npos;
         each = bytes.find("the value that is damaged", each + 1))
        bytes[each] ^= 1;  // LMDB keeps old pages
    dir.write("store/data.mdb", bytes);
    auto store = open_store(options_in(dir), Store::Mode::Read);
    auto reader = must(store->read());
    CHECK(reader->get(Table::Profiles, "bad").error().code == ErrorCode::Corrupt);
    CHECK(must(reader->get(Table::Profiles, "good")) == "the value beside it");
    CHECK(must(store->read()));  // one bad value does not close the store
}

TEST_CASE("a full map is Full, names the setting, and leaves the store as it was") {
    const TempDir dir;
    auto options = options_in(dir);
    options.map_size_bytes = 1U << 20;
    auto store = open_store(options, Store::Mode::Write);
    put(*store, "before", "kept");
    {
        auto writer = must(store->write());
        Status put = ok();
        for (int i = 0; put && i < 10'000; ++i)
            put = writer->put(Table::Profiles, key_of(i), std::string(1000, 'x'));
        REQUIRE_FALSE(put);
        CHECK(put.error().code == ErrorCode::Full);
        CHECK(put.error().hint.find("store.map_size") != std::string::npos);
        CHECK_FALSE(writer->commit());
    }
    CHECK(entries(*must(store->read())) == Strings{"before=kept"});
    put(*store, "after", "works");
    CHECK(get(*store, "after") == "works");
}

TEST_CASE("a full disk is Full and leaves the store as it was") {
    const TempDir dir;
    const auto options = options_in(dir);
    put(*open_store(options, Store::Mode::Write), "before", "kept");
    const auto limit = fs::file_size(dir.file("store/data.mdb")) + 100'000;
    const Ending ending = in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit room{limit, limit};
        ::setrlimit(RLIMIT_FSIZE, &room);
        auto store = Store::open(options, Store::Mode::Write);
        if (!store) return 10;
        auto writer = (*store)->write();
        Status done = ok();
        for (int i = 0; done && i < 1000; ++i)
            done = (*writer)->put(Table::Profiles, key_of(i), std::string(1000, 'x'));
        if (done) done = (*writer)->commit();
        if (done) return 11;
        if (done.error().code != ErrorCode::Full) return 12;
        auto reader = (*store)->read();
        if (!reader) return 13;
        const auto before = (*reader)->get(Table::Profiles, "before");
        return before && *before == "kept" ? 0 : 14;
    });
    CHECK(ending.exit_code == 0);
    auto store = open_store(options, Store::Mode::Write);
    CHECK(entries(*must(store->read())) == Strings{"before=kept"});
    put(*store, "after", "works");
}

TEST_CASE("pages that were taken and given back do not make a sound store look truncated") {
    const TempDir dir;
    for (int round = 0; round < 5; ++round) {
        auto store = open_store(options_in(dir), Store::Mode::Write);
        auto writer = must(store->write());
        for (int i = 0; i < 2000; ++i)
            must(writer->put(Table::Words, key_of(i), std::string(3000, 'x')));
        for (int i = 0; i < 2000; ++i) must(writer->erase(Table::Words, key_of(i)));
        must(writer->put(Table::Profiles, "round", std::to_string(round)));
        must(writer->commit());
        writer.reset();
        store.reset();
        REQUIRE(get(*open_store(options_in(dir), Store::Mode::Read), "round") ==
                std::to_string(round));
    }
}

TEST_CASE("a fault outside the store still ends the process") {
    const int raised = GENERATE(SIGSEGV, SIGBUS, 0);
    const Ending ending = in_child([raised] {
        ::signal(SIGSEGV, SIG_DFL);  // instead of the test framework's
        store::install_fault_handlers();
        auto* nowhere = static_cast<volatile int*>(
            ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        return raised != 0 ? ::raise(raised) : *nowhere;
    });
    CHECK(ending.exit_code != 0);
}

TEST_CASE(
    "a guarded fault is a return code, again and again, also nested and in the inner call only") {
    const Ending ending = in_child([] {
        store::install_fault_handlers();
        // A page that may not be read: a null pointer would be UBSan's to report first.
        auto* nowhere = static_cast<volatile int*>(
            ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        for (int i = 0; i < 3; ++i)
            if (store::guarded([&] { return *nowhere; }) != store::kFault) return 1;
        const int outer = store::guarded(
            [&] { return store::guarded([&] { return *nowhere; }) == store::kFault ? 7 : 8; });
        if (outer != 7) return 2;
        return store::guarded([] { return 9; }) == 9 ? 0 : 3;
    });
    CHECK(ending.exit_code == 0);
}

TEST_CASE("a reader that stays open refuses what a later version has committed, and says so") {
    const TempDir dir;
    const auto options = options_in(dir);
    put(*open_store(options, Store::Mode::Write), "before", "kept");
    const auto store = open_store(options, Store::Mode::Read);
    CHECK(get(*store, "before") == "kept");
    const Ending ending = in_child([&] {
        auto writing = Store::open(options, Store::Mode::Write);
        if (!writing) return 1;
        auto writer = (*writing)->write();
        auto format = (*writer)->get(Table::Meta, "kith.format");
        if (!format || !*format) return 2;
        ++(**format)[8];  // the schema's number: engine/store/FORMAT.md
        if (!(*writer)->put(Table::Meta, "kith.format", **format)) return 3;
        return (*writer)->commit() ? 0 : 4;
    });
    REQUIRE(ending.exit_code == 0);
    const auto reader = store->read();
    REQUIRE_FALSE(reader);
    CHECK(reader.error().code == ErrorCode::Corrupt);
    CHECK(
        reader.error().what.find("is of a later version of kith: schema 2, this program knows 1") !=
        std::string::npos);
    CHECK(reader.error().hint.find("systemctl restart kith-milter kith-learner") == 0);
}

TEST_CASE("a file that claims to be larger than its only writer made it is damaged") {
    const TempDir dir;
    const auto options = options_in(dir);
    const auto store = open_store(options, Store::Mode::Write);
    put(*store, "before", "kept");
    std::fstream file(dir.file("store/data.mdb"), std::ios::in | std::ios::out | std::ios::binary);
    const std::uint64_t last_page = 1ULL << 40;
    for (const std::streamoff page : {0, 4096}) {  // of both meta pages, see read_meta_pages()
        file.seekp(page + 16 + 120);
        file.write(reinterpret_cast<const char*>(&last_page), sizeof last_page);
    }
    file.close();
    const auto writer = store->write();
    REQUIRE_FALSE(writer);
    CHECK(writer.error().code == ErrorCode::Corrupt);
}

TEST_CASE("a store of before the table of accounts is read as if that were empty") {
    const TempDir dir;
    StoreOptions options;
    options.directory = dir.file("store");
    options.map_size_bytes = 16ULL << 20;
    fill(options);
    drop_table(options.directory, "accounts");
    auto store = open_store(options, Store::Mode::Read);
    {
        const auto reader = must(store->read());
        CHECK(must(reader->get(Table::Profiles, key_of(1))) == value_of(1));
        CHECK_FALSE(must(reader->get(Table::Accounts, "a")));
        CHECK(must(reader->count(Table::Accounts)) == 0);
        bool any = false;
        must(reader->scan(Table::Accounts, {}, [&](auto, auto) { return any = true; }));
        CHECK_FALSE(any);
    }
    // In another process, as the learner is.
    ChildProcess learner([&] { return Store::open(options, Store::Mode::Write) ? 0 : 1; });
    REQUIRE(learner.wait().exit_code == 0);
    // Who reads on would never see what comes into it.
    const auto reader = store->read();
    REQUIRE_FALSE(reader);
    CHECK(reader.error().code == ErrorCode::Corrupt);
    store.reset();
    CHECK(must(open_store(options, Store::Mode::Read)->read()));
}
