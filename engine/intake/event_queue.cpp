// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/event_queue.hpp"

#include <exception>
#include <utility>

namespace kith {

EventQueue::EventQueue(std::size_t max_waiting, std::chrono::milliseconds after_error,
                       Append append)
    : max_waiting_(max_waiting),
      after_error_(after_error),
      append_(std::move(append)),
      thread_([this] { run(); }) {}

EventQueue::~EventQueue() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void EventQueue::push(AccountEvent event) {
    {
        const std::lock_guard lock(mutex_);
        while (waiting_.size() >= max_waiting_) {
            waiting_.pop_front();
            ++dropped_;
        }
        waiting_.push_back(std::move(event));
    }
    wake_.notify_one();
}

EventQueue::Counts EventQueue::counts() const {
    const std::lock_guard lock(mutex_);
    return {written_, dropped_, waiting_.size(), trouble_};
}

EventQueue::Appended EventQueue::append(const AccountEvent& event) const {
    try {
        return {append_(event), false};
    } catch (const std::exception& e) {
        return {fail(ErrorCode::Internal, std::string("an event was dropped: ") + e.what()), true};
    }
}

void EventQueue::run() {
    std::unique_lock lock(mutex_);
    std::size_t failed = 0;  // one after another
    for (;;) {
        wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        AccountEvent event = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        const auto [done, threw] = append(event);
        lock.lock();
        if (done) {
            ++written_;
            failed = 0;
            if (waiting_.empty()) trouble_.clear();
            continue;
        }
        trouble_ = done.error().text();
        if (ending_ || threw) {
            ++dropped_;
            continue;
        }
        // To the end: those behind it may be of a tenant whose journal can be written. When all
        // have been tried they stand as they did.
        if (waiting_.size() < max_waiting_)
            waiting_.push_back(std::move(event));
        else
            ++dropped_;  // younger ones have taken its place meanwhile
        if (++failed < waiting_.size()) continue;
        failed = 0;
        wake_.wait_for(lock, after_error_, [this] { return ending_; });
    }
}

}  // namespace kith
