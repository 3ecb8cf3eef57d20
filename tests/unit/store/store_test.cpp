// SPDX-License-Identifier: Apache-2.0
// The store when nothing is broken. STORE-nn: faults of other projects that this one must not
// repeat.
#include "engine/store/store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "tests/unit/store/store_builder.hpp"

using namespace kith;
using namespace kith::test;

TEST_CASE("what was committed is read by later snapshots, also after opening again") {
    const TempDir dir;
    const auto options = options_in(dir);
    {
        auto store = open_store(options, Store::Mode::Write);
        put(*store, "key", std::string("\0value\xff", 7));
        CHECK(get(*store, "key") == std::string("\0value\xff", 7));
        put(*store, "empty", "");
    }
    auto store = open_store(options, Store::Mode::Read);
    CHECK(get(*store, "key") == std::string("\0value\xff", 7));
    CHECK(get(*store, "empty") == "");
}

TEST_CASE("STORE-15: a fresh store has no entry in any table, and that is no error") {
    const TempDir dir;
    open_store(options_in(dir), Store::Mode::Write);
    auto store = open_store(options_in(dir), Store::Mode::Read);
    auto reader = must(store->read());
    for (int t = 1; t < kTableCount; ++t) {
        const auto table = static_cast<Table>(t);
        CHECK_FALSE(must(reader->get(table, "nobody")));
        CHECK(must(reader->count(table)) == 0);
        CHECK(entries(*reader, table).empty());
    }
}

TEST_CASE("tables are apart") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    for (int t = 0; t < kTableCount; ++t)
        put(*store, "key", std::to_string(t), static_cast<Table>(t));
    for (int t = 0; t < kTableCount; ++t)
        CHECK(get(*store, "key", static_cast<Table>(t)) == std::to_string(t));
}

TEST_CASE("a write transaction sees its own writes, others only after its commit") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", "old");
    auto before = must(store->read());
    auto writer = must(store->write());
    must(writer->put(Table::Profiles, "a", "new"));
    must(writer->put(Table::Profiles, "b", "more"));
    CHECK(entries(*writer) == Strings{"a=new", "b=more"});
    CHECK(must(writer->get(Table::Profiles, "a")) == "new");
    CHECK(must(writer->count(Table::Profiles)) == 2);
    CHECK(get(*store, "a") == "old");
    must(writer->commit());
    CHECK(get(*store, "a") == "new");
    CHECK(entries(*before) == Strings{"a=old"});  // a snapshot stays what it was
}

TEST_CASE("a write transaction that ends without commit did nothing") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    must(must(store->write())->put(Table::Profiles, "a", "lost"));
    CHECK_FALSE(get(*store, "a"));
    put(*store, "a", "kept");
    CHECK(get(*store, "a") == "kept");
}

TEST_CASE("erasing removes an entry, and what is not there can be erased") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", "1");
    auto writer = must(store->write());
    CHECK(writer->erase(Table::Profiles, "a"));
    CHECK(writer->erase(Table::Profiles, "nobody"));
    must(writer->commit());
    CHECK_FALSE(get(*store, "a"));
}

TEST_CASE("a scan goes in key order from its first key until it is told to stop") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    for (const char* key : {"d", "b", "a", "c"}) put(*store, key, key);
    auto reader = must(store->read());
    CHECK(entries(*reader) == Strings{"a=a", "b=b", "c=c", "d=d"});
    CHECK(entries(*reader, Table::Profiles, "b") == Strings{"b=b", "c=c", "d=d"});
    CHECK(entries(*reader, Table::Profiles, "bb") == Strings{"c=c", "d=d"});
    CHECK(entries(*reader, Table::Profiles, "e").empty());
    Strings two;
    must(reader->scan(Table::Profiles, {}, [&](std::string_view key, std::string_view) {
        two.emplace_back(key);
        return two.size() < 2;
    }));
    CHECK(two == Strings{"a", "b"});
}

TEST_CASE("a scan may erase what it visits and misses nothing") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    auto writer = must(store->write());
    constexpr int kEntries = 3000;  // many pages, so that pages merge on the way
    for (int i = 0; i < kEntries; ++i)
        must(
            writer->put(Table::Waiting, "key" + std::to_string(100'000 + i), std::string(50, 'v')));
    int visited = 0;
    must(writer->scan(Table::Waiting, {}, [&](std::string_view key, std::string_view) {
        ++visited;
        if (visited % 3 != 0) must(writer->erase(Table::Waiting, key));
        return true;
    }));
    CHECK(visited == kEntries);
    CHECK(must(writer->count(Table::Waiting)) == kEntries / 3);
    must(writer->commit());
}

TEST_CASE("keys have 1 to 511 bytes") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    const std::string longest(511, 'k'), longer(512, 'k');
    put(*store, longest, "v");
    CHECK(get(*store, longest) == "v");
    auto writer = must(store->write());
    for (const std::string& key : {std::string(), longer}) {
        CHECK_FALSE(writer->put(Table::Profiles, key, "v"));
        CHECK_FALSE(writer->get(Table::Profiles, key));
        CHECK_FALSE(writer->erase(Table::Profiles, key));
    }
    CHECK(must(writer->count(Table::Profiles)) == 1);
}

TEST_CASE("values over many pages come back whole") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    std::string large;
    for (int i = 0; i < 300'000; ++i) large += static_cast<char>(i % 251);
    put(*store, "large", large);
    CHECK(get(*store, "large") == large);
    CHECK(entries(*must(store->read())) == Strings{"large=" + large});
}

TEST_CASE("the generation changes with each commit and only with it") {
    const TempDir dir;
    const auto options = options_in(dir);
    auto store = open_store(options, Store::Mode::Write);
    const auto first = must(store->generation());
    must(must(store->write())->put(Table::Profiles, "a", "lost"));
    get(*store, "a");
    CHECK(must(store->generation()) == first);
    put(*store, "a", "1");
    CHECK(must(store->generation()) > first);
    CHECK(must(store->stats()).generation == must(store->generation()));
}

TEST_CASE("statistics tell sizes") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", std::string(100'000, 'x'));
    const auto stats = must(store->stats());
    CHECK(stats.used_bytes > 100'000);
    CHECK(stats.used_bytes <= stats.file_bytes);
    CHECK(stats.map_bytes == 64U << 20);
}

TEST_CASE("a hot copy is a store of its own with the same entries") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", "1");
    auto open =
        must(store->write());  // a batch in progress is not in the copy, and does not disturb it
    must(open->put(Table::Profiles, "a", "lost"));
    std::filesystem::create_directory(dir.file("copy"));
    open.reset();
    must(store->copy_to(dir.file("copy")));
    put(*store, "a", "2");
    auto options = options_in(dir);
    options.directory = dir.file("copy");
    CHECK(get(*open_store(options, Store::Mode::Read), "a") == "1");
    const auto again = store->copy_to(dir.file("copy"));
    REQUIRE_FALSE(again);  // never over an existing store
    CHECK(get(*open_store(options, Store::Mode::Read), "a") == "1");
    CHECK(store->copy_to(dir.file("nowhere")).error().code == ErrorCode::NoInput);
}

TEST_CASE("STORE-03: more readers than LMDB's default of 126 slots are served at once") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", "1");
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (int i = 0; i < 500; ++i) readers.push_back(must(store->read()));
    for (const auto& reader : readers) REQUIRE(must(reader->get(Table::Profiles, "a")) == "1");
}

TEST_CASE("one reader more than the slots is refused, and served when one is free") {
    const TempDir dir;
    auto options = options_in(dir);
    options.max_readers = 64;
    auto store = open_store(options, Store::Mode::Write);
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (int i = 0; i < 64; ++i) readers.push_back(must(store->read()));
    const auto refused = store->read();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Unavailable);
    CHECK(refused.error().hint.find("store.max_readers") != std::string::npos);
    readers.pop_back();
    CHECK(store->read());
}

TEST_CASE(
    "STORE-07: readers made in one thread and used in others find everything beside a writer") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "fixed", "there");
    std::atomic<int> missed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        auto reader = must(store->read());
        threads.emplace_back([&, mine = std::move(reader)] {
            const auto first = mine->get(Table::Profiles, "fixed");
            if (!first || *first != "there") ++missed;
            for (int i = 0; i < 500; ++i) {
                auto other = store->read();
                const auto value =
                    other ? (*other)->get(Table::Profiles, "fixed") : fail(other.error());
                if (!value || *value != "there") ++missed;
            }
        });
    }
    for (int i = 0; i < 50; ++i) put(*store, "other" + std::to_string(i), std::string(3000, 'x'));
    for (auto& thread : threads) thread.join();
    CHECK(missed == 0);
}

TEST_CASE("a snapshot of a store can be had without it") {
    const TempDir dir;
    const auto missing = read_store(options_in(dir));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::NoInput);
    put(*open_store(options_in(dir), Store::Mode::Write), "key", "value");
    CHECK(must(must(read_store(options_in(dir)))->get(Table::Profiles, "key")) == "value");
}

TEST_CASE("a reader may outlive its store") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", "1");
    auto reader = must(store->read());
    store.reset();
    CHECK(must(reader->get(Table::Profiles, "a")) == "1");
    reader.reset();
    CHECK(get(*open_store(options_in(dir), Store::Mode::Read), "a") == "1");
}

TEST_CASE("a store is opened once in a process") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::Unavailable);
    CHECK(code_of(options_in(dir), Store::Mode::Write) == ErrorCode::Unavailable);
    store.reset();
    CHECK(Store::open(options_in(dir), Store::Mode::Read));
}

TEST_CASE("a reading store writes nothing, and a writing one has one write transaction") {
    const TempDir dir;
    {
        auto store = open_store(options_in(dir), Store::Mode::Write);
        auto writer = must(store->write());
        CHECK(store->write().error().code == ErrorCode::Internal);
        must(writer->commit());
        CHECK(writer->put(Table::Profiles, "a", "1").error().code == ErrorCode::Internal);
        CHECK(writer->commit().error().code == ErrorCode::Internal);
        CHECK(store->write());
    }
    CHECK(open_store(options_in(dir), Store::Mode::Read)->write().error().code ==
          ErrorCode::Internal);
}

TEST_CASE("a store that is not there, or was never filled, is no input for a reader") {
    const TempDir dir;
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::NoInput);
    std::filesystem::create_directory(dir.file("store"));
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::NoInput);
    dir.write("store/data.mdb", "");
    CHECK(code_of(options_in(dir), Store::Mode::Read) == ErrorCode::NoInput);
    CHECK(Store::open(options_in(dir), Store::Mode::Write));  // the writer begins it
}

TEST_CASE("a store without sync works while the machine does") {
    const TempDir dir;
    auto options = options_in(dir);
    options.durable = false;
    put(*open_store(options, Store::Mode::Write), "a", "1");
    CHECK(get(*open_store(options, Store::Mode::Read), "a") == "1");
}

TEST_CASE("others than owner and group can read nothing, and the group can take reader slots") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    const auto mode = [&](const char* name) {
        struct stat status {};
        REQUIRE(::stat(dir.file(name).c_str(), &status) == 0);
        return status.st_mode & 0777U;
    };
    CHECK((mode("store/data.mdb") & 0137U) == 0);
    CHECK((mode("store/writer.lock") & 0137U) == 0);
    CHECK(mode("store/lock.mdb") == 0660U);
}
