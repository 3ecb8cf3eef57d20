// SPDX-License-Identifier: Apache-2.0
// Own accounts over the configuration: whose an account is, and whether it is locked. Covered by
// tests/unit/config/accounts_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/account_lock.hpp"
#include "engine/config/config.hpp"

namespace kith {

/// The options of own accounts, complete: without a file of their own the locks lie beside the
/// store.
[[nodiscard]] AccountOptions account_options(const Config& config);

/// The tenant with the domain of the login name, or `site`: a bare name is the site's.
[[nodiscard]] const std::shared_ptr<const Config>& owner_of_account(
    const std::shared_ptr<const Config>& site, std::string_view account);

/// The locks of the site and its tenants, each in a file of its own. Thread-safe.
class AccountLocks {
public:
    /// The lock of `account` that stands at `now`, in the file of whose it is.
    [[nodiscard]] std::optional<AccountLock> find(const std::shared_ptr<const Config>& site,
                                                  std::string_view account, Time now);
    /// Why a file that was asked for cannot be read; "" = all can.
    [[nodiscard]] std::string trouble();

private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<LockTable>> tables_;  ///< by file
};

}  // namespace kith
