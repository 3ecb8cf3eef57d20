// SPDX-License-Identifier: Apache-2.0
// A fixed number of threads with a bounded queue, and an absolute deadline for whoever waits for a
// result. libmilter starts a thread for every busy connection and has no knob for it (Debian's
// worker pool is unbounded), so the expensive part, judging, is admitted here: what does not fit is
// refused at once, what takes too long is not waited for. Covered by
// tests/unit/milter/worker_pool_test.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace kith::milter {

using Deadline = std::chrono::steady_clock::time_point;

/// Runs jobs on its own threads. Thread-safe. The destructor lets running and waiting jobs finish.
class WorkerPool {
public:
    /// `threads` 0 = number of processors. At most `max_waiting` jobs wait; running ones do not
    /// count. `on_exception` is told what a job threw (the one catch-all of these threads); it must
    /// not throw.
    WorkerPool(unsigned threads, unsigned max_waiting,
               std::function<void(const char*)> on_exception = {});
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when the queue is full: the job will not run.
    [[nodiscard]] bool submit(std::function<void()> job);

    /// Waits until nothing runs and nothing waits; false when `deadline` came first.
    [[nodiscard]] bool wait_idle(Deadline deadline);

    [[nodiscard]] unsigned threads() const noexcept {
        return static_cast<unsigned>(threads_.size());
    }
    [[nodiscard]] std::size_t waiting() const;
    /// Jobs ended so far: with waiting() it tells a busy pool from a stuck one.
    [[nodiscard]] std::uint64_t completed() const noexcept { return completed_.load(); }

private:
    void work();

    const std::size_t max_waiting_;
    std::function<void(const char*)> on_exception_;
    mutable std::mutex mutex_;
    std::condition_variable wake_, idle_;
    std::deque<std::function<void()>> queue_;
    std::size_t running_ = 0;
    bool stopping_ = false;
    std::atomic<std::uint64_t> completed_{0};
    std::vector<std::thread> threads_;
};

/// Why there is no result. Failed: the work threw.
enum class Missed { Saturated, TooLate, Failed };
[[nodiscard]] const char* to_string(Missed m) noexcept;  ///< saturated, deadline, failed

/// The result of `work` run on `pool`, when it is there before `deadline`. After that nobody waits
/// any more: work that had not begun is dropped (under overload, judging the dead would make the
/// living late), the result of work that had is handed to `late` on the pool's thread.
template <class T>
[[nodiscard]] std::variant<T, Missed> run_within(WorkerPool& pool, Deadline deadline,
                                                 std::function<T()> work,
                                                 std::function<void(T)> late) {
    struct Shared {
        std::mutex mutex;
        std::condition_variable ready;
        bool abandoned = false, failed = false;
        std::optional<T> result;
        // Told without the lock: who wakes wants it, and would sleep again at once.
        void tell(std::unique_lock<std::mutex> lock) {
            lock.unlock();
            ready.notify_one();
        }
    };
    auto shared = std::make_shared<Shared>();
    const bool admitted = pool.submit([shared, work = std::move(work), late = std::move(late)] {
        if (std::lock_guard lock(shared->mutex); shared->abandoned) return;
        std::optional<T> result;
        try {
            result.emplace(work());
        } catch (...) {
            std::unique_lock lock(shared->mutex);
            shared->failed = true;
            shared->tell(std::move(lock));
            throw;  // the pool's catch-all reports it
        }
        std::unique_lock lock(shared->mutex);
        if (shared->abandoned) {
            lock.unlock();
            if (late) late(std::move(*result));
            return;
        }
        shared->result = std::move(result);
        shared->tell(std::move(lock));
    });
    if (!admitted) return Missed::Saturated;
    std::unique_lock lock(shared->mutex);
    if (!shared->ready.wait_until(lock, deadline,
                                  [&] { return shared->result || shared->failed; })) {
        shared->abandoned = true;
        return Missed::TooLate;
    }
    if (shared->failed) return Missed::Failed;
    return std::move(*shared->result);
}

/// Runs `job` on `pool` whatever happens and waits for its end until `deadline`. False when the
/// queue was full.
[[nodiscard]] bool run_and_wait(WorkerPool& pool, Deadline deadline, std::function<void()> job);

}  // namespace kith::milter
