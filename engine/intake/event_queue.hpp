// SPDX-License-Identifier: Apache-2.0
// Events on their way to the journal: a bounded queue that never makes the one wait who brings
// something, and a thread that appends. When the journal cannot be written they wait; when there
// are too many the oldest are dropped and counted. Thread-safe. Covered by
// tests/unit/intake/event_queue_test.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "engine/base/result.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

class EventQueue {
public:
    struct Counts {
        std::uint64_t written = 0;
        std::uint64_t dropped = 0;
        std::size_t waiting = 0;
        std::string trouble;  ///< why the journal cannot be written now; "" = it can
    };
    /// Appends one event; called by the queue's own thread only. An event at which it throws is
    /// dropped: it would do so again.
    using Append = std::function<Status(const AccountEvent&)>;

    EventQueue(std::size_t max_waiting, std::chrono::milliseconds after_error, Append append);
    /// Writes what waits, unless that fails.
    ~EventQueue();
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    void push(AccountEvent event);
    [[nodiscard]] Counts counts() const;

private:
    void run();
    struct Appended {
        Status done = ok();
        bool threw = false;
    };
    [[nodiscard]] Appended append(const AccountEvent& event) const;

    const std::size_t max_waiting_;
    const std::chrono::milliseconds after_error_;
    const Append append_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<AccountEvent> waiting_;
    std::uint64_t written_ = 0, dropped_ = 0;
    std::string trouble_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses everything above
};

}  // namespace kith
