// SPDX-License-Identifier: Apache-2.0
// Whether a commit waits for the disk. The dynamic linker gives LMDB this file's fdatasync, which
// counts.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "engine/store/store.hpp"
#include "tests/unit/store/store_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {
std::atomic<int> synced{0};
}

extern "C" int fdatasync(int fd) {
    synced.fetch_add(1);
    return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace {

int syncs_of_a_commit(bool durable) {
    const TempDir dir;
    auto options = options_in(dir);
    options.durable = durable;
    auto store = open_store(options, Store::Mode::Write);
    put(*store, "first", "1");
    const int before = synced;
    put(*store, "second", "2");
    return synced - before;
}

TEST_CASE("STORE-08: by default a commit is on disk when it returns") {
    CHECK(StoreOptions{}.durable);
    CHECK(syncs_of_a_commit(true) > 0);
    CHECK(syncs_of_a_commit(false) == 0);  // for throw-away stores; and the counting counts
}

}  // namespace
