// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/warm_up.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
constexpr std::size_t kMiB = 1U << 20U;

int steps_to_the_end(WarmUp& warm_up, const StoreReader& reader) {
    int steps = 1;
    while (warm_up.step(reader)) ++steps;
    return steps;
}

}  // namespace

TEST_CASE("a small store is read whole in one step, every table of it") {
    MemoryStore store;
    for (int t = 0; t < kTableCount; ++t)
        for (const char* key : {"a", "b", "c"})
            REQUIRE(store.put(static_cast<Table>(t), key, "value"));
    WarmUp warm_up(kNoLimit);
    CHECK_FALSE(warm_up.step(store));
    CHECK(store.visited == 3 * kTableCount);
}

TEST_CASE("a large store is read in steps, each value once") {
    MemoryStore store;
    constexpr int kValues = 20;
    for (int i = 0; i < kValues; ++i)
        REQUIRE(store.put(Table::Profiles, "key" + std::to_string(10 + i), std::string(kMiB, 'x')));
    WarmUp warm_up(kNoLimit);
    const int steps = steps_to_the_end(warm_up, store);
    CHECK(steps > 2);
    CHECK(steps <= kValues / 3);
    // The key at which a step ends is seen, and read by the step after it.
    CHECK(store.visited >= kValues);
    CHECK(store.visited < kValues + steps);
}

TEST_CASE("what is learned between two steps does not stop the reading") {
    MemoryStore store;
    for (int i = 0; i < 10; ++i)
        REQUIRE(store.put(Table::Words, "key" + std::to_string(10 + i), std::string(kMiB, 'x')));
    WarmUp warm_up(kNoLimit);
    REQUIRE(warm_up.step(store));
    for (int i = 0; i < 10; ++i) REQUIRE(store.erase(Table::Words, "key" + std::to_string(10 + i)));
    REQUIRE(store.put(Table::Hosts, "host", "use"));
    store.visited = 0;
    CHECK_FALSE(warm_up.step(store));
    CHECK(store.visited == 1);
}

TEST_CASE("a store larger than memory is not read further than the limit") {
    MemoryStore store;
    for (int i = 0; i < 20; ++i)
        REQUIRE(store.put(Table::Profiles, "key" + std::to_string(10 + i), std::string(kMiB, 'x')));
    WarmUp warm_up(6 * kMiB);
    const int steps = steps_to_the_end(warm_up, store);
    CHECK(store.visited <= 6 + steps);
    CHECK(store.visited >= 6);
}

TEST_CASE("a store that cannot be read ends the warm-up") {
    MemoryStore store;
    store.fail_from = 0;
    WarmUp warm_up(kNoLimit);
    CHECK_FALSE(warm_up.step(store));
}
