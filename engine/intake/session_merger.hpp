// SPDX-License-Identifier: Apache-2.0
// Between what a mail server tells (a line for each message) and what is kept (one event for what
// belongs together): counts messages of one session, kind and mailbox over some seconds, gives
// moves their numbers, fills in what the session's login said, and drops what comes twice. Bounded
// in sessions and groups; beyond it events pass as they are. Time comes in; one thread. Covered by
// tests/unit/intake/session_merger_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/recent_set.hpp"
#include "engine/intake/dovecot_event.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

/// What belongs together comes within this time of the first.
inline constexpr Seconds kMergeSpan{5};
/// The exporter uses several connections: what a session did may come a moment after its end.
inline constexpr Seconds kEndSettles{2};
inline constexpr std::size_t kMaxMergeGroups = 10'000;
inline constexpr std::size_t kMaxSessions = 16'384;
inline constexpr std::size_t kMaxRecentIds = 65'536;

class SessionMerger {
public:
    /// Takes one event that came at `now`. What is ready can be taken afterwards.
    void add(ToldEvent told, Time now);
    /// Events to be written, oldest first. `all`: those as well that could still grow.
    [[nodiscard]] std::vector<AccountEvent> take(Time now, bool all = false);

    /// Events that came twice and were dropped.
    [[nodiscard]] std::uint64_t repeated() const noexcept { return repeated_; }

private:
    struct Session {
        std::string client_addr, client_name, client_id, mechanism, tls;
        std::uint64_t messages = 0, bytes = 0;
        Time login{};
    };
    struct Group {
        AccountEvent event;
        Time begun{};
        bool is_move = false;  ///< its messages are told one by one, as they go
    };
    struct Moved {
        std::uint64_t messages = 0;
        Time begun{};
    };
    struct Ending {
        AccountEvent event;
        Time begun{};
    };

    [[nodiscard]] bool is_repeat(const std::string& id);
    [[nodiscard]] Session& session_of(const AccountEvent& event);
    void fill_in(AccountEvent& event, const Session& session) const;
    [[nodiscard]] bool is_end_of_move(const AccountEvent& event) const;
    void grow(ToldEvent told, Time now);
    void move_away(const AccountEvent& event, Time now);
    void finish_session(AccountEvent end);

    std::unordered_map<std::string, Session> sessions_;
    std::deque<std::string> session_order_;
    std::map<std::string, Group, std::less<>> groups_;
    std::map<std::string, Moved, std::less<>> moved_;  ///< messages without a target yet
    std::deque<Ending> ending_;
    RecentSet<std::string> recent_{kMaxRecentIds};
    std::vector<AccountEvent> ready_;
    std::uint64_t repeated_ = 0;
};

}  // namespace kith
