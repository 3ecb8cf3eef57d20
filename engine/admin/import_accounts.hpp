// SPDX-License-Identifier: Apache-2.0
// What old log files of Dovecot tell of accounts, into the journal: so that kith knows what is
// usual on the day that it starts. Covered by tests/unit/admin/import_accounts_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"
#include "engine/journal/account_event.hpp"

namespace kith::admin {

struct AccountImport {
    std::uint64_t lines = 0, events = 0;
    std::uint64_t foreign = 0;  ///< events of another tenant's accounts, left out
    std::uint64_t known = 0;    ///< events that were learned before, left out
    std::optional<Time> first, last;
    /// Events in it, whoever's.
    [[nodiscard]] std::uint64_t told() const noexcept { return events + foreign + known; }
};

/// What reading a log needs of the world.
struct AccountLogReading {
    const Hasher& hasher;
    Time now{};
    std::function<Seconds(Time)> zone;                  ///< local time is so far east of UTC then
    std::function<bool(const std::string&)> is_ours;    ///< of an account
    std::function<bool(const AccountEvent&)> is_known;  ///< by its id
    std::function<Status(const AccountEvent&)> record;
    std::function<bool()> stopped;
};

/// Reads a log from `fd`, oldest line first, and gives each event that is ours and new to `record`,
/// in the order in which they ended, with `imported` set. Returns at the end, at the last whole
/// line when `stopped` says so, or with what reading and `record` fail with.
[[nodiscard]] Result<AccountImport> read_account_log(int fd, const AccountLogReading& reading);

}  // namespace kith::admin
