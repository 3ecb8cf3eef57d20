// SPDX-License-Identifier: Apache-2.0
// What old log files of Dovecot tell of accounts, into the journal: so that kith knows what is
// usual on the day that it starts. Covered by tests/unit/admin/import_accounts_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/account_event.hpp"

namespace kith::admin {

struct AccountImport {
    std::uint64_t lines = 0, events = 0;
    std::uint64_t foreign = 0;  ///< events of another tenant's accounts, left out
    std::optional<Time> first, last;
};

/// Reads a log, oldest line first, and gives each event of an account of `config`'s to `record`, in
/// the order in which they ended. Events have `imported` set. `zone`: local time is so far east of
/// UTC then; `now`: a stamp without a year is of the year nearest to it. Returns at the end, when
/// `stopped` says so, or with what `record` fails with.
[[nodiscard]] Result<AccountImport> read_account_log(
    std::istream& in, const Config& config, const Hasher& hasher, Time now,
    const std::function<Seconds(Time)>& zone,
    const std::function<Status(const AccountEvent&)>& record,
    const std::function<bool()>& stopped);

}  // namespace kith::admin
