// SPDX-License-Identifier: Apache-2.0
#include "engine/config/accounts.hpp"

#include <filesystem>

#include "engine/base/text.hpp"
#include "engine/config/tenants.hpp"

namespace kith {

AccountOptions account_options(const Config& config) {
    AccountOptions out = config.accounts;
    if (out.lock_file.empty())
        out.lock_file = std::filesystem::path(config.store.directory).parent_path() / "locks";
    return out;
}

const std::shared_ptr<const Config>& owner_of_account(const std::shared_ptr<const Config>& site,
                                                      std::string_view account) {
    return owner_of_domain(site, utf8_lower(scrub_utf8(domain_of(account))));
}

std::optional<AccountLock> AccountLocks::find(const std::shared_ptr<const Config>& site,
                                              std::string_view account, Time now) {
    const std::string file = account_options(*owner_of_account(site, account)).lock_file;
    LockTable* table = nullptr;
    {
        const std::lock_guard lock(mutex_);
        auto& kept = tables_[file];
        if (!kept) kept = std::make_unique<LockTable>(file);
        table = kept.get();
    }
    return table->find(account, now);
}

std::string AccountLocks::trouble() {
    const std::lock_guard lock(mutex_);
    for (const auto& [file, table] : tables_)
        if (std::string why = table->trouble(); !why.empty()) return why;
    return {};
}

}  // namespace kith
