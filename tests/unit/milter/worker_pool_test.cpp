// SPDX-License-Identifier: Apache-2.0
#include "milter/worker_pool.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace kith::milter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

/// A gate that jobs wait at until the test opens it; opens by itself at the end, so that no test
/// can hang.
class Gate {
public:
    ~Gate() { open(); }
    Gate() = default;
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    void open() {
        if (!opened_.exchange(true)) promise_.set_value();
    }
    [[nodiscard]] std::shared_future<void> opened() const { return future_; }

private:
    std::atomic<bool> opened_{false};
    std::promise<void> promise_;
    std::shared_future<void> future_{promise_.get_future().share()};
};

TEST_CASE("a result that is there in time comes back") {
    WorkerPool pool(1, 1);
    const auto outcome = run_within<int>(pool, Clock::now() + seconds(10), [] { return 7; }, {});
    REQUIRE(std::holds_alternative<int>(outcome));
    CHECK(std::get<int>(outcome) == 7);
}

TEST_CASE("a full queue refuses at once") {
    const auto max_waiting = GENERATE(0U, 1U, 3U);
    std::promise<void> running;
    WorkerPool pool(1, max_waiting);
    Gate gate;
    REQUIRE(pool.submit([&, opened = gate.opened()] {
        running.set_value();
        opened.wait();
    }));
    REQUIRE(running.get_future().wait_for(seconds(10)) == std::future_status::ready);
    for (unsigned i = 0; i < max_waiting; ++i) CHECK(pool.submit([] {}));
    CHECK_FALSE(pool.submit([] {}));
    const auto outcome = run_within<int>(pool, Clock::now() + seconds(10), [] { return 1; }, {});
    REQUIRE(std::holds_alternative<Missed>(outcome));
    CHECK(std::get<Missed>(outcome) == Missed::Saturated);
    gate.open();
    CHECK(pool.wait_idle(Clock::now() + seconds(10)));
    CHECK(pool.submit([] {}));
}

TEST_CASE(
    "after the deadline nobody waits, and a result that still comes is handed to the late one") {
    std::promise<int> late;
    WorkerPool pool(1, 1);
    Gate gate;
    const auto before = Clock::now();
    const auto outcome = run_within<int>(
        pool, before + milliseconds(50),
        [opened = gate.opened()] {
            opened.wait();
            return 7;
        },
        [&](int value) { late.set_value(value); });
    REQUIRE(std::holds_alternative<Missed>(outcome));
    CHECK(std::get<Missed>(outcome) == Missed::TooLate);
    CHECK(Clock::now() - before >= milliseconds(50));
    gate.open();
    auto future = late.get_future();
    REQUIRE(future.wait_for(seconds(10)) == std::future_status::ready);
    CHECK(future.get() == 7);
}

TEST_CASE("work whose deadline passed before it began is dropped") {
    std::promise<void> running;
    std::atomic<bool> worked{false};
    WorkerPool pool(1, 2);
    Gate gate;
    REQUIRE(pool.submit([&, opened = gate.opened()] {
        running.set_value();
        opened.wait();
    }));
    REQUIRE(running.get_future().wait_for(seconds(10)) == std::future_status::ready);
    const auto outcome = run_within<int>(
        pool, Clock::now() + milliseconds(20),
        [&] {
            worked = true;
            return 1;
        },
        [&](int) { worked = true; });
    CHECK(std::get<Missed>(outcome) == Missed::TooLate);
    gate.open();
    REQUIRE(pool.wait_idle(Clock::now() + seconds(10)));
    CHECK_FALSE(worked);
}

TEST_CASE("work that throws is reported, answered as failed and does not end the thread") {
    std::promise<std::string> reported;
    WorkerPool pool(1, 4, [&](const char* what) { reported.set_value(what); });
    const auto outcome = run_within<int>(pool, Clock::now() + seconds(10),
                                         []() -> int { throw std::runtime_error("broken"); }, {});
    CHECK(std::get<Missed>(outcome) == Missed::Failed);
    auto future = reported.get_future();
    REQUIRE(future.wait_for(seconds(10)) == std::future_status::ready);
    CHECK(future.get() == "broken");
    CHECK(std::get<int>(run_within<int>(pool, Clock::now() + seconds(10), [] { return 2; }, {})) ==
          2);
}

TEST_CASE("a job that must run is run even when nobody waits any more") {
    std::promise<void> done;
    WorkerPool pool(1, 4);
    Gate gate;
    REQUIRE(run_and_wait(pool, Clock::now() + milliseconds(10), [&, opened = gate.opened()] {
        opened.wait();
        done.set_value();
    }));
    gate.open();
    CHECK(done.get_future().wait_for(seconds(10)) == std::future_status::ready);
}

TEST_CASE("the destructor lets waiting jobs finish") {
    std::atomic<int> finished{0};
    {
        WorkerPool pool(2, 100);
        for (int i = 0; i < 50; ++i) REQUIRE(pool.submit([&] { finished.fetch_add(1); }));
    }
    CHECK(finished == 50);
}

TEST_CASE("waiting for idle gives up at its deadline") {
    WorkerPool pool(1, 1);
    Gate gate;
    REQUIRE(pool.submit([opened = gate.opened()] { opened.wait(); }));
    CHECK_FALSE(pool.wait_idle(Clock::now() + milliseconds(20)));
}

}  // namespace
}  // namespace kith::milter
