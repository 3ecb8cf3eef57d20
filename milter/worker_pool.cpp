// SPDX-License-Identifier: Apache-2.0
#include "milter/worker_pool.hpp"

#include <algorithm>
#include <exception>

namespace kith::milter {

const char* to_string(Missed m) noexcept {
    switch (m) {
        case Missed::Saturated:
            return "saturated";
        case Missed::TooLate:
            return "deadline";
        case Missed::Failed:
            return "failed";
    }
    return "failed";
}

WorkerPool::WorkerPool(unsigned threads, unsigned max_waiting,
                       std::function<void(const char*)> on_exception)
    : max_waiting_(max_waiting), on_exception_(std::move(on_exception)) {
    if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
    threads_.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

bool WorkerPool::submit(std::function<void()> job) {
    {
        std::lock_guard lock(mutex_);
        // A job that a free thread takes at once does not wait: max_waiting 0 still uses every
        // thread.
        const std::size_t free = threads_.size() - std::min(threads_.size(), running_);
        if (queue_.size() >= max_waiting_ + free) return false;
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

bool WorkerPool::wait_idle(Deadline deadline) {
    std::unique_lock lock(mutex_);
    return idle_.wait_until(lock, deadline, [&] { return queue_.empty() && running_ == 0; });
}

std::size_t WorkerPool::waiting() const {
    std::lock_guard lock(mutex_);
    return queue_.size();
}

void WorkerPool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        std::function<void()> job = std::move(queue_.front());
        queue_.pop_front();
        ++running_;
        lock.unlock();
        try {
            job();
        } catch (const std::exception& e) {
            if (on_exception_) on_exception_(e.what());
        } catch (...) {
            if (on_exception_) on_exception_("unknown exception");
        }
        job = nullptr;  // what the job holds is freed outside the lock
        completed_.fetch_add(1);
        lock.lock();
        --running_;
        if (queue_.empty() && running_ == 0) idle_.notify_all();
    }
}

bool run_and_wait(WorkerPool& pool, Deadline deadline, std::function<void()> job) {
    struct Shared {
        std::mutex mutex;
        std::condition_variable ready;
        bool done = false;
    };
    auto shared = std::make_shared<Shared>();
    struct Announce {  // also when the job throws
        std::shared_ptr<Shared> shared;
        ~Announce() {
            {
                std::lock_guard lock(shared->mutex);
                shared->done = true;
            }
            shared->ready.notify_one();  // without the lock, which who wakes wants
        }
    };
    if (!pool.submit([shared, job = std::move(job)] {
            const Announce announce{shared};
            job();
        }))
        return false;
    std::unique_lock lock(shared->mutex);
    // A wait that ends without the job is no failure of the job: it will still run.
    shared->ready.wait_until(lock, deadline, [&] { return shared->done; });
    return true;
}

}  // namespace kith::milter
