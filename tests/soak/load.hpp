// SPDX-License-Identifier: Apache-2.0
// Mail in quantity, as an MTA hands it to a milter: many sessions at once, slow clients, and what
// an MTA does when the filter is gone or says "later": it keeps the mail and comes again. So a mail
// that is lost shows as one that was never answered.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "tests/support/fake_mta.hpp"

namespace kith::test {

struct LoadPlan {
    std::string socket;
    std::string run = "run";             ///< part of the Message-IDs, which are unique within a run
    unsigned sessions = 1;               ///< at once, each on a connection and thread of its own
    unsigned slow = 0;                   ///< of them, those that send a byte of the body at a time
    std::uint64_t messages = 0;          ///< in all; 0: until the order to stop
    unsigned per_connection = 50;        ///< messages on one connection
    bool together = false;               ///< nobody ends a message before everybody has begun one
    std::chrono::milliseconds pause{0};  ///< of a session between two messages
    std::chrono::seconds patience{60};   ///< an MTA keeps a mail for days; a test does not
};

/// What became of the mail so far. Written by all sessions.
struct LoadCounts {
    std::atomic<std::uint64_t> begun{0}, delivered{0}, held{0}, rejected{0}, lost{0};
    std::atomic<std::uint64_t> not_reached{0}, not_answered{0}, told_later{0};  ///< tried again
};

/// Sends until all is sent or `stop` is true. The time from the end of each answered message to its
/// answer in milliseconds: median, 99 in 100, longest. `report` is called about five times a
/// second.
struct LoadTimes {
    double median_ms = 0, p99_ms = 0, longest_ms = 0;
};
[[nodiscard]] LoadTimes send_load(const LoadPlan& plan, const std::atomic<bool>& stop,
                                  LoadCounts& counts, const std::function<void()>& report);

/// A mail of a known sender that fits ("genuine"), or one that a site which learned `site_mails()`
/// holds ("foreign").
[[nodiscard]] FakeMail probe_mail(const std::string& kind);

}  // namespace kith::test
