// SPDX-License-Identifier: Apache-2.0
// A line of Dovecot's log as what happened on an account, for sites that do not export events:
// logins, failures, session ends with their counts, and what the plugin mail_log tells (copies,
// expunges with Message-IDs, mailboxes). Filter scripts are not in the log. As written by Dovecot
// itself, by syslog (traditional and RFC 3339 stamps) and by journalctl (short, short-iso). Pure,
// total over any bytes. Covered by tests/unit/intake/log_line_reader_test.cpp and
// tests/fuzz/fuzz_intake.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/intake/dovecot_event.hpp"

namespace kith {

/// Under whose secret what is told of an account is hashed: each tenant has its own. nullptr =
/// there is none.
using HasherOf = std::function<const Hasher*(std::string_view account)>;

/// A longer line is not read.
inline constexpr std::size_t kMaxLogLine = 8192;

struct LogContext {
    Time now{};        ///< a stamp without a year is of the year nearest to it
    Seconds zone{0};   ///< local time is so far east of UTC
    HasherOf hasher;   ///< for Message-IDs; empty, or nullptr = they are left out
    bool old = false;  ///< of the past: such a stamp is never later than a day after `now`
};

/// Nothing for a line that tells nothing about an account; two events for the end of a session that
/// read mail.
[[nodiscard]] std::vector<ToldEvent> read_log_line(std::string_view line,
                                                   const LogContext& context);

}  // namespace kith
