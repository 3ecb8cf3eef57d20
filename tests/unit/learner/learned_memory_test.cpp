// SPDX-License-Identifier: Apache-2.0
// Decoded state in front of a store (engine/learner/learned_memory.hpp), over a store in memory.
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

void write(LearnedMemory& memory, MemoryStore& store) {
    REQUIRE(memory.flush(store));
    memory.flushed();
}

Waiting waiting(double due, std::string_view id) {
    return {day(due), id_of(id), kAnna, std::string("record of ") + std::string(id)};
}

}  // namespace

TEST_CASE("what was never stored is unknown, and editing makes it") {
    LearnedMemory memory;
    CHECK(memory.profile(Subject::Correspondent, kAnna) == nullptr);
    CHECK(memory.vocabulary(kAnna) == nullptr);
    CHECK(memory.word(5).count == 0);
    CHECK(memory.thread(5) == nullptr);
    memory.edit_profile(Subject::Correspondent, kAnna).messages = 2;
    REQUIRE(memory.profile(Subject::Correspondent, kAnna));
    CHECK(memory.profile(Subject::Correspondent, kAnna)->messages == 2);
    CHECK(memory.profile(Subject::Domain, kAnna) == nullptr);
}

TEST_CASE("everything edited is in the store after a flush and read back by another memory") {
    MemoryStore store;
    {
        LearnedMemory memory;
        memory.edit_profile(Subject::Domain, kAnna) = sample_profile();
        memory.edit_vocabulary(kAnna) = sample_vocabulary();
        memory.edit_word(5) = sample_word();
        memory.edit_thread(id_of("m1"), {}) = sample_thread();
        memory.edit_host(6) = sample_host();
        memory.edit_name(7) = sample_name();
        memory.edit_traces(kAnna) = sample_traces();
        memory.edit_site() = sample_site();
        memory.wait(waiting(3, "m2"));
        write(memory, store);
    }
    LearnedMemory memory;
    memory.read_from(&store);
    const auto bad = memory.load_site();
    REQUIRE(bad);
    CHECK(*bad == 0);
    CHECK(encode(*memory.profile(Subject::Domain, kAnna)) == encode(sample_profile()));
    CHECK(encode(*memory.vocabulary(kAnna)) == encode(sample_vocabulary()));
    CHECK(encode(memory.word(5)) == encode(sample_word()));
    CHECK(encode(*memory.thread(id_of("m1"))) == encode(sample_thread()));
    CHECK(encode(memory.host(6)) == encode(sample_host()));
    CHECK(encode(memory.name(7)) == encode(sample_name()));
    CHECK(encode(memory.traces(kAnna)) == encode(sample_traces()));
    CHECK(pieces_of(memory.site()) == pieces_of(sample_site()));
    CHECK(memory.waiting_count() == 1);
    const auto w = memory.take_waiting(id_of("m2"));
    REQUIRE(w);
    CHECK(w->record == "record of m2");
    CHECK(w->due == day(3));
    CHECK(w->sender == kAnna);
}

TEST_CASE("a flush writes only what changed since the last one") {
    MemoryStore store;
    store.fail_from = 1'000'000;  // counts calls
    LearnedMemory memory;
    memory.edit_word(5).count = 1;
    write(memory, store);
    const int calls = store.calls;
    CHECK(calls > 0);
    write(memory, store);
    CHECK(store.calls == calls);
    memory.edit_word(5).count = 2;
    memory.edit_site().learned = 7;
    write(memory, store);
    CHECK(store.calls == calls + 2);  // the word and the site's totals
}

TEST_CASE("a flush that fails says so and the next one writes everything") {
    MemoryStore store;
    LearnedMemory memory;
    memory.edit_word(5).count = 1;
    memory.edit_site() = sample_site();
    store.fail_from = GENERATE(0, 1, 5);
    CHECK_FALSE(memory.flush(store));
    MemoryStore healthy;
    write(memory, healthy);
    LearnedMemory back;
    back.read_from(&healthy);
    REQUIRE(back.load_site());
    CHECK(back.word(5).count == 1);
    CHECK(pieces_of(back.site()) == pieces_of(sample_site()));
}

TEST_CASE("a mail belongs to the thread of the first known mail it refers to") {
    LearnedMemory memory;
    memory.edit_thread(id_of("m1"), {}).asks = 1;
    memory.edit_thread(id_of("m2"), {id_of("never seen"), id_of("m1")}).asks |= 2;
    memory.edit_thread(id_of("m3"), {id_of("m2")}).asks |= 4;
    CHECK(memory.thread(id_of("m1"))->asks == 7);
    CHECK(memory.thread(id_of("m3")) == memory.thread(id_of("m1")));
    CHECK(memory.thread(id_of("never seen")) == nullptr);
}

TEST_CASE("the second copy of a mail changes nothing of where its thread is") {
    LearnedMemory memory;
    memory.edit_thread(id_of("m1"), {}).asks = 1;
    memory.edit_thread(id_of("m2"), {id_of("m1")}).asks |= 2;
    memory.edit_thread(id_of("m2"), {id_of("m1")}).asks |= 4;
    memory.edit_thread(id_of("m1"), {}).asks |= 8;
    CHECK(memory.thread(id_of("m2"))->asks == 15);
}

TEST_CASE("those due come out in order of time, each once") {
    LearnedMemory memory;
    memory.wait(waiting(3, "c"));
    memory.wait(waiting(1, "a"));
    memory.wait(waiting(2, "b"));
    CHECK(memory.take_due(day(0.9)).empty());
    const auto due = memory.take_due(day(2));
    REQUIRE(due.size() == 2);
    CHECK(due[0].message_id == id_of("a"));
    CHECK(due[1].message_id == id_of("b"));
    CHECK(memory.take_due(day(2)).empty());
    CHECK(memory.waiting_count() == 1);
    CHECK_FALSE(memory.take_waiting(id_of("a")));
}

TEST_CASE("two waiting mails of one Message-ID both come out") {
    LearnedMemory memory;
    memory.wait(waiting(1, "a"));
    memory.wait(waiting(2, "a"));
    CHECK(memory.take_due(day(1)).size() == 1);
    CHECK(memory.take_waiting(id_of("a")));  // the answer to the second one still finds it
    CHECK(memory.waiting_count() == 0);
}

TEST_CASE("a mail without Message-ID waits, but no answer can take it") {
    LearnedMemory memory;
    memory.wait({day(1), 0, kAnna, "x"});
    CHECK_FALSE(memory.take_waiting(0));
    CHECK(memory.take_due(day(1)).size() == 1);
}

TEST_CASE("what waited and was taken is gone from the store as well") {
    MemoryStore store;
    LearnedMemory memory;
    memory.wait(waiting(1, "a"));
    memory.wait(waiting(2, "b"));
    write(memory, store);
    CHECK(*store.count(Table::Waiting) == 2);
    CHECK(memory.take_due(day(1)).size() == 1);
    CHECK(memory.take_waiting(id_of("b")));
    memory.wait(waiting(1, "c"));
    CHECK(memory.take_waiting(id_of("c")));
    write(memory, store);
    CHECK(*store.count(Table::Waiting) == 0);
}

TEST_CASE("damaged records are a cold start; damaged pieces of the site are counted") {
    MemoryStore store;
    REQUIRE(store.put(Table::Profiles, stored_key(Subject::Domain, kAnna).view(), "damaged"));
    REQUIRE(store.put(Table::Threads, thread_alias_key(id_of("m1")), "short"));
    REQUIRE(store.put(Table::Site, "totals", "damaged"));
    REQUIRE(store.put(Table::Site, "of a later version", "x"));
    REQUIRE(store.put(Table::Waiting, "short key", "x"));
    LearnedMemory memory;
    memory.read_from(&store);
    const auto bad = memory.load_site();
    REQUIRE(bad);
    CHECK(*bad == 3);
    CHECK(memory.profile(Subject::Domain, kAnna) == nullptr);
    CHECK(memory.thread(id_of("m1")) == nullptr);
    CHECK(pieces_of(memory.site()) == pieces_of(SiteState()));
}

TEST_CASE("a store that cannot be read makes loading fail") {
    MemoryStore store;
    store.fail_from = GENERATE(0, 1);
    LearnedMemory memory;
    memory.read_from(&store);
    CHECK_FALSE(memory.load_site());
}

TEST_CASE(
    "times of no mail in the learner's records come back as ones whose differences are numbers") {
    const auto seconds = GENERATE(std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max());
    const Time time = from_unix(seconds);
    // Years 1 to 9999.
    const Time moved = from_unix(seconds < 0 ? -62135596800 : 253402300799);
    Lesson lesson;
    lesson.touched.resize(1);
    lesson.touched[0].aged = lesson.touched[0].last = time;
    lesson.sender.aged = lesson.thread.last = lesson.site_aged = lesson.names.last = time;
    lesson.site_day = std::numeric_limits<std::int32_t>::min();
    const auto l = decode_lesson(encode(lesson));
    REQUIRE(l);
    CHECK(l->touched.at(0).aged == moved);
    CHECK(l->touched.at(0).last == moved);
    CHECK(l->sender.aged == moved);
    CHECK(l->thread.last == moved);
    CHECK(l->site_aged == moved);
    CHECK(l->names.last == moved);
    CHECK(l->site_day == -719162);
    Incident incident;
    incident.id = "abc";
    incident.opened = incident.last_held = incident.closed = time;
    incident.mails.push_back({"abc", time, 1});
    const auto i = decode_incident(encode(incident));
    REQUIRE(i);
    for (const Time t : {i->opened, i->last_held, i->closed, i->mails.at(0).time})
        CHECK(t == moved);

    MemoryStore store;
    const auto key = integer_key(static_cast<std::uint64_t>(seconds));
    REQUIRE(store.put(Table::Waiting, key + integer_key(7) + std::string(16, 's'), "x"));
    REQUIRE(store.put(Table::Messages, delayed_key(9), key + "x"));
    LearnedMemory memory;
    memory.read_from(&store);
    REQUIRE(memory.load_site());
    const auto waits = memory.take_waiting(7);
    REQUIRE(waits);
    CHECK(waits->due == moved);
    const auto delayed = memory.take_delayed(Time::max());
    REQUIRE(delayed.size() == 1);
    CHECK(delayed[0].since == moved);
}
