// SPDX-License-Identifier: Apache-2.0
// Own accounts that somebody else seems to have, by the incidents that the learner opened: those of
// mail that an account itself submitted. Covered by tests/unit/admin/account_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

struct AccountAlarm {
    std::string account;   ///< login name, lower case
    std::string incident;  ///< its id
    std::string why;       ///< one sentence, for the lock's reason
};

/// Accounts with an incident that is open at `now` and newer than `since`, each incident and
/// account once.
[[nodiscard]] Result<std::vector<AccountAlarm>> account_alarms(const Config& config,
                                                               const StoreReader& reader, Time now,
                                                               Time since);

}  // namespace kith::admin
