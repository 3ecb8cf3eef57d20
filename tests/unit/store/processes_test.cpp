// SPDX-License-Identifier: Apache-2.0
// The store between processes: killed writers and readers, a second writer, other users, other
// settings.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>

#include "engine/store/store.hpp"
#include "tests/support/child_process.hpp"
#include "tests/unit/store/store_builder.hpp"

using namespace kith;
using namespace kith::test;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

// Root may do everything, so that a test of rights would show nothing: become somebody else.
void drop_rights() {
    if (::geteuid() != 0) return;
    (void)!::setgid(kNobody);
    (void)!::setuid(kNobody);
}

}  // namespace

TEST_CASE(
    "STORE-01: a second writer is refused while the first lives, and let in when it was killed") {
    const TempDir dir;
    const Signpost there;
    ChildProcess first([&] {
        auto store = Store::open(options_in(dir), Store::Mode::Write);
        if (!store) return 1;
        there.reach();
        ::pause();
        return 0;
    });
    there.await();
    const auto refused = Store::open(options_in(dir), Store::Mode::Write);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Unavailable);
    CHECK(Store::open(options_in(dir), Store::Mode::Read));
    first.kill();
    first.wait();
    put(*open_store(options_in(dir), Store::Mode::Write), "a", "1");
}

TEST_CASE("a writer killed between put and commit leaves what was committed before") {
    const TempDir dir;
    put(*open_store(options_in(dir), Store::Mode::Write), "a", "old");
    const Signpost there;
    ChildProcess writing([&] {
        auto store = Store::open(options_in(dir), Store::Mode::Write);
        if (!store) return 1;
        auto writer = (*store)->write();
        if (!(*writer)->put(Table::Profiles, "a", "new")) return 2;
        for (int i = 0; i < 5000; ++i)
            if (!(*writer)->put(Table::Profiles, std::to_string(i), std::string(500, 'x')))
                return 3;
        there.reach();
        ::pause();
        return 0;
    });
    there.await();
    writing.kill();
    writing.wait();
    auto store = open_store(options_in(dir), Store::Mode::Write);
    CHECK(entries(*must(store->read())) == Strings{"a=old"});
    put(*store, "a", "newer");
    CHECK(get(*store, "a") == "newer");
}

TEST_CASE(
    "a writer killed at any moment leaves whole batches, and a reader beside it sees only such") {
    const TempDir dir;
    put(*open_store(options_in(dir), Store::Mode::Write), "batch 0", "0");
    auto reading = open_store(options_in(dir), Store::Mode::Read);
    const auto batch_of = [](const StoreReader& reader) {
        std::set<std::string> values;
        must(reader.scan(Table::Profiles, {}, [&](std::string_view, std::string_view value) {
            values.emplace(value.substr(0, value.find(' ')));
            return true;
        }));
        REQUIRE(values.size() == 1);
        return std::stoi(*values.begin());
    };
    int last = 0;
    for (int round = 0; round < 15; ++round) {
        const Signpost there;
        ChildProcess writing([&] {
            auto store = Store::open(options_in(dir), Store::Mode::Write);
            if (!store) return 1;
            for (int batch = last + 1;; ++batch) {
                auto writer = (*store)->write();
                if (!writer) return 2;
                for (int i = 0; i < 20; ++i)
                    if (!(*writer)->put(
                            Table::Profiles, "batch " + std::to_string(i),
                            std::to_string(batch) + " " +
                                std::string(static_cast<std::size_t>(batch * 37 % 3000), 'x')))
                        return 3;
                if (!(*writer)->commit()) return 4;
                if (batch == last + 1) there.reach();
            }
        });
        there.await();
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(round);
        do {
            batch_of(*must(reading->read()));
        } while (std::chrono::steady_clock::now() < until);
        writing.kill();
        REQUIRE(writing.wait().signal == SIGKILL);
        const int now = batch_of(*must(reading->read()));
        CHECK(now > last);
        last = now;
    }
}

TEST_CASE("STORE-04: the slot of a killed reader is freed") {
    const TempDir dir;
    put(*open_store(options_in(dir), Store::Mode::Write), "a", "1");
    const Signpost there;
    ChildProcess reading([&] {
        auto store = Store::open(options_in(dir), Store::Mode::Read);
        if (!store) return 1;
        auto reader = (*store)->read();
        there.reach();
        ::pause();
        return reader ? 0 : 2;
    });
    there.await();
    auto store = open_store(options_in(dir), Store::Mode::Write);
    CHECK(store->release_dead_readers() == 0);
    reading.kill();
    reading.wait();
    CHECK(store->release_dead_readers() == 1);
    CHECK(store->release_dead_readers() == 0);
}

TEST_CASE(
    "a store that came along with fork refuses to work in the child, and lives on in the parent") {
    const TempDir dir;
    auto store = open_store(options_in(dir), Store::Mode::Write);
    put(*store, "a", "1");
    auto reader = must(store->read());
    const Ending ending = in_child([&] {
        if (store->read() || store->write() || store->generation() || store->stats()) return 1;
        reader.reset();
        store.reset();
        return 0;
    });
    CHECK(ending.exit_code == 0);
    CHECK(must(reader->get(Table::Profiles, "a")) == "1");
    put(*store, "a", "2");
    CHECK(get(*store, "a") == "2");
}

TEST_CASE("a process that may only read the data file and write lock.mdb can read, and not write") {
    const TempDir dir;
    put(*open_store(options_in(dir), Store::Mode::Write), "a", "1");
    fs::permissions(dir.path(), fs::perms(0755));
    fs::permissions(dir.file("store"), fs::perms(0555));
    fs::permissions(dir.file("store/data.mdb"), fs::perms(0444));
    fs::permissions(dir.file("store/lock.mdb"), fs::perms(0666));
    fs::permissions(dir.file("store/writer.lock"), fs::perms(0400));
    const Ending ending = in_child([&] {
        drop_rights();
        auto writing = Store::open(options_in(dir), Store::Mode::Write);
        if (::geteuid() != 0 && writing) return 1;
        auto store = Store::open(options_in(dir), Store::Mode::Read);
        if (!store) return 2;
        const auto value = (*(*store)->read())->get(Table::Profiles, "a");
        return value && *value == "1" ? 0 : 3;
    });
    fs::permissions(dir.file("store"), fs::perms(0755));
    CHECK(ending.exit_code == 0);
}

TEST_CASE("a store that may not be read is a matter of permission") {
    const TempDir dir;
    put(*open_store(options_in(dir), Store::Mode::Write), "a", "1");
    fs::permissions(dir.path(), fs::perms(0755));
    const char* locked = GENERATE("store/data.mdb", "store");
    fs::permissions(dir.file(locked), fs::perms(0));
    const Ending ending = in_child([&] {
        drop_rights();
        const auto store = Store::open(options_in(dir), Store::Mode::Read);
        return !store && store.error().code == ErrorCode::Permission ? 0 : 1;
    });
    fs::permissions(dir.file(locked), fs::perms(0755));
    CHECK(ending.exit_code == 0);
}

TEST_CASE("STORE-10: what root creates belongs to the owner of the directory") {
    const TempDir dir;
    fs::create_directory(dir.file("store"));
    if (::geteuid() == 0) REQUIRE(::chown(dir.file("store").c_str(), kNobody, kNobody) == 0);
    auto store = open_store(options_in(dir), Store::Mode::Write);
    struct stat directory {};
    REQUIRE(::stat(dir.file("store").c_str(), &directory) == 0);
    int files = 0;
    for (const auto& entry : fs::directory_iterator(dir.file("store"))) {
        struct stat file {};
        REQUIRE(::stat(entry.path().c_str(), &file) == 0);
        CHECK(file.st_uid == directory.st_uid);
        CHECK(file.st_gid == directory.st_gid);
        ++files;
    }
    CHECK(files == 3);
}

TEST_CASE("STORE-02: a map that another process outgrew is followed once no snapshot is in use") {
    const TempDir dir;
    auto small = options_in(dir);
    small.map_size_bytes = 1U << 20;
    put(*open_store(small, Store::Mode::Write), "a", "old");
    auto store = open_store(small, Store::Mode::Read);
    auto in_use = must(store->read());
    const Ending writing = in_child([&] {
        auto other = Store::open(options_in(dir), Store::Mode::Write);  // 64 MiB
        if (!other) return 1;
        auto writer = (*other)->write();
        for (int i = 0; i < 3000; ++i)
            if (!(*writer)->put(Table::Profiles, "key " + std::to_string(i),
                                std::string(1000, 'x')))
                return 2;
        if (!(*writer)->put(Table::Profiles, "a", "new")) return 3;
        return (*writer)->commit() ? 0 : 4;
    });
    REQUIRE(writing.exit_code == 0);
    const auto waiting = store->read();
    REQUIRE_FALSE(waiting);
    CHECK(waiting.error().code == ErrorCode::TryAgain);
    CHECK(must(in_use->get(Table::Profiles, "a")) == "old");
    in_use.reset();
    CHECK(get(*store, "a") == "new");
    CHECK(must(must(store->read())->count(Table::Profiles)) == 3001);
}
