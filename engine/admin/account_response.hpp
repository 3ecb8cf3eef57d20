// SPDX-License-Identifier: Apache-2.0
// What is done about an own account that somebody else has: the lock that kith-milter and
// kith-accounts read, what is queued already, sessions, the list for Dovecot's deny passdb. The
// same for an admin's order and for the timer's. Each step is in the audit log before it is done,
// and none needs the one before: what fails is told and the rest is done. Covered by
// tests/unit/admin/account_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/admin/hold_queue.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/account_lock.hpp"
#include "engine/config/config.hpp"

namespace kith::admin {

/// AccountLock::by of an answer that nobody gave.
inline constexpr const char* kByItself = "kith";

struct AccountResponse {
    AccountLock lock;   ///< replaces an older one of the account
    bool kick = false;  ///< end its sessions
    bool known = true;  ///< false: kith never saw the account, so it may have no sessions
};

/// What became of it, in sentences.
struct ResponseDone {
    std::vector<std::string> lines;
    std::vector<std::string> problems;
};

/// Locks, holds what the account has in the queue (root only), ends sessions. An error only when
/// the lock itself could not be made.
[[nodiscard]] Result<ResponseDone> respond(const Config& config, Time now,
                                           const AccountResponse& wanted, const MtaOptions& mta);

/// Ends the lock of `account`. NoInput when there is none; what was put on hold stays there.
[[nodiscard]] Result<ResponseDone> end_lock(const Config& config, Time now,
                                            const std::string& account, const std::string& why);

/// Takes locks that have ended out of the file; writes it only where there are some.
[[nodiscard]] Status drop_ended_locks(const Config& config, Time now);

/// Which incidents were answered by themselves: the file's name, beside the locks
/// (engine/admin/FORMAT.md).
[[nodiscard]] std::string response_memory(const Config& config);
[[nodiscard]] Json lock_json(const AccountLock& lock);

/// Writes accounts.deny_file anew from the locks that stand at `now`; does nothing without one.
[[nodiscard]] Status write_deny_file(const Config& config, Time now);

}  // namespace kith::admin
