// SPDX-License-Identifier: Apache-2.0
// Memory over one snapshot of the store (engine/assess/store_memory.hpp).
#include "engine/assess/store_memory.hpp"

#include "engine/learner/learned_memory.hpp"
#include "engine/profile/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/observed.hpp"
#include "tests/support/state_samples.hpp"

using namespace kith;
using namespace kith::test;

namespace {
const Key16 kAnna = person("anna@partner.example");

std::shared_ptr<const SiteSnapshot> snapshot_of(const StoreReader& reader) {
    auto snapshot = load_snapshot(reader, 7);
    REQUIRE(snapshot);
    return *snapshot;
}
}  // namespace

TEST_CASE("the reader finds what the learner's memory wrote") {
    MemoryStore store;
    LearnedMemory learned;
    learned.edit_profile(Subject::Correspondent, kAnna) = sample_profile();
    learned.edit_vocabulary(kAnna) = sample_vocabulary();
    learned.edit_word(5) = sample_word();
    learned.edit_thread(id_of("m1"), {}) = sample_thread();
    learned.edit_host(6) = sample_host();
    learned.edit_name(7) = sample_name();
    learned.edit_traces(kAnna) = sample_traces();
    learned.edit_site() = sample_site();
    REQUIRE(learned.flush(store));
    const auto snapshot = snapshot_of(store);
    CHECK(snapshot->generation == 7);
    const StoreMemory memory(store, snapshot);
    CHECK(encode(*memory.profile(Subject::Correspondent, kAnna)) == encode(sample_profile()));
    CHECK(memory.profile(Subject::Domain, kAnna) == nullptr);
    CHECK(encode(*memory.vocabulary(kAnna)) == encode(sample_vocabulary()));
    CHECK(encode(memory.word(5)) == encode(sample_word()));
    CHECK(encode(*memory.thread(id_of("m1"))) == encode(sample_thread()));
    CHECK(encode(memory.host(6)) == encode(sample_host()));
    CHECK(encode(memory.name(7)) == encode(sample_name()));
    CHECK(encode(memory.traces(kAnna)) == encode(sample_traces()));
    CHECK(pieces_of(memory.site()) == pieces_of(sample_site()));
    CHECK(memory.trouble().empty());
}

TEST_CASE("an empty store knows nobody and is no trouble") {
    const MemoryStore store;
    const StoreMemory memory(store, snapshot_of(store));
    CHECK(memory.profile(Subject::Correspondent, kAnna) == nullptr);
    CHECK(memory.vocabulary(kAnna) == nullptr);
    CHECK(memory.word(5).count == 0);
    CHECK(memory.thread(5) == nullptr);
    CHECK(memory.host(5).senders == 0);
    CHECK(memory.name(5).bearers.empty());
    CHECK(memory.traces(kAnna).items.empty());
    CHECK(memory.trouble().empty());
}

TEST_CASE("damaged records are a cold start") {
    MemoryStore store;
    REQUIRE(
        store.put(Table::Profiles, stored_key(Subject::Correspondent, kAnna).view(), "damaged"));
    REQUIRE(store.put(Table::SiteWords, word_key(5), "damaged"));
    REQUIRE(store.put(Table::Site, "totals", "damaged"));
    const StoreMemory memory(store, snapshot_of(store));
    CHECK(memory.profile(Subject::Correspondent, kAnna) == nullptr);
    CHECK(memory.word(5).count == 0);
    CHECK(pieces_of(memory.site()) == pieces_of(SiteState()));
}

TEST_CASE("a read that fails is told, not taken for absence") {
    MemoryStore store;
    const StoreMemory memory(store, snapshot_of(store));
    store.fail_from = 0;
    CHECK(memory.vocabulary(kAnna) == nullptr);
    CHECK(memory.trouble().find("told to fail") != std::string::npos);
}

TEST_CASE("a site that cannot be read gives no snapshot") {
    MemoryStore store;
    store.fail_from = 0;
    CHECK_FALSE(load_snapshot(store, 1));
}
