// SPDX-License-Identifier: Apache-2.0
// The queue before the journal (engine/intake/event_queue.hpp).
#include "engine/intake/event_queue.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kLong{20'000};

/// A journal that can be full or hang.
struct Journal {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> written;
    unsigned tries = 0;
    bool full = false, hangs = false;

    Status append(const AccountEvent& e) {
        std::unique_lock lock(mutex);
        ++tries;
        changed.notify_all();
        changed.wait(lock, [this] { return !hangs; });
        if (full) return fail(ErrorCode::Full, "journal: no space left");
        written.push_back(e.account);
        changed.notify_all();
        return ok();
    }
    void set(bool now_full, bool now_hangs) {
        const std::lock_guard lock(mutex);
        full = now_full;
        hangs = now_hangs;
        changed.notify_all();
    }
    template <class Condition>
    [[nodiscard]] bool wait(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, kLong, condition);
    }
};

AccountEvent event_of(const std::string& account) {
    AccountEvent e;
    e.account = account;
    return e;
}

}  // namespace

TEST_CASE("events are written in their order, and all of them before the end") {
    Journal journal;
    {
        EventQueue queue(100, milliseconds(1),
                         [&](const AccountEvent& e) { return journal.append(e); });
        for (const char* a : {"a", "b", "c"}) queue.push(event_of(a));
    }
    CHECK(journal.written == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a journal that hangs makes nobody wait; the oldest go, and are counted") {
    Journal journal;
    journal.set(false, true);
    EventQueue queue(3, milliseconds(1), [&](const AccountEvent& e) { return journal.append(e); });
    queue.push(event_of("first"));
    REQUIRE(journal.wait([&] { return journal.tries == 1; }));  // with the journal now
    for (const char* a : {"a", "b", "c", "d", "e"}) queue.push(event_of(a));
    CHECK(queue.counts().waiting == 3);
    CHECK(queue.counts().dropped == 2);
    journal.set(false, false);
    REQUIRE(journal.wait([&] { return journal.written.size() == 4; }));
    CHECK(journal.written == std::vector<std::string>{"first", "c", "d", "e"});
}

TEST_CASE("a full disk loses nothing that there is room for, and says why meanwhile") {
    Journal journal;
    journal.set(true, false);
    EventQueue queue(10, milliseconds(1), [&](const AccountEvent& e) { return journal.append(e); });
    for (const char* a : {"a", "b"}) queue.push(event_of(a));
    REQUIRE(journal.wait([&] { return journal.tries >= 3; }));
    CHECK(queue.counts().trouble == "journal: no space left");
    journal.set(false, false);
    REQUIRE(journal.wait([&] { return journal.written.size() == 2; }));
    // What has been tried goes behind what has not: which is first depends on when there is room.
    const std::vector<std::string> both = {"a", "b"};
    CHECK(std::is_permutation(journal.written.begin(), journal.written.end(), both.begin(),
                              both.end()));
    CHECK(queue.counts().dropped == 0);
}

TEST_CASE("events of a tenant whose journal cannot be written hold up nobody else's") {
    Journal journal;
    {
        EventQueue queue(10, milliseconds(20'000), [&](const AccountEvent& e) {
            // Until all wait: which of them comes first is not to be left to chance.
            (void)journal.wait([&] { return !journal.hangs; });
            return e.account == "broken" ? Status(fail(ErrorCode::Io, "journal: gone"))
                                         : journal.append(e);
        });
        journal.set(false, true);
        for (const char* a : {"broken", "a", "broken", "b", "broken"}) queue.push(event_of(a));
        journal.set(false, false);
        REQUIRE(journal.wait([&] { return journal.written.size() == 2; }));
        CHECK(queue.counts().trouble == "journal: gone");
        CHECK(queue.counts().dropped == 0);
    }
    CHECK(journal.written == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an end with a full disk is an end") {
    Journal journal;
    journal.set(true, false);
    {
        EventQueue queue(10, milliseconds(20'000),
                         [&](const AccountEvent& e) { return journal.append(e); });
        queue.push(event_of("a"));
        REQUIRE(journal.wait([&] { return journal.tries == 1; }));
    }
    CHECK(journal.written.empty());
}

TEST_CASE("an event at which the journal throws is dropped and told, the others are written") {
    Journal journal;
    EventQueue queue(100, milliseconds(1), [&](const AccountEvent& e) {
        if (e.account == "bad") throw std::runtime_error("length_error");
        return journal.append(e);
    });
    queue.push(event_of("bad"));
    for (unsigned tries = 0; queue.counts().dropped == 0 && tries < 20'000; ++tries)
        std::this_thread::sleep_for(milliseconds(1));
    CHECK(queue.counts().dropped == 1);
    CHECK(queue.counts().trouble == "an event was dropped: length_error");
    queue.push(event_of("good"));
    REQUIRE(journal.wait([&] { return journal.written.size() == 1; }));
    CHECK(journal.written[0] == "good");
}
