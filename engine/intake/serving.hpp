// SPDX-License-Identifier: Apache-2.0
// What kith-accounts has from its configuration, made as a whole before it is used: at the start,
// and at a reload beside the one in use. Covered by tests/unit/intake/serving_test.cpp.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"
#include "engine/config/accounts.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/journal/journal.hpp"

namespace kith {

/// The site and its tenants: whose an account is, and what of theirs is needed. What is asked for
/// is made when it is, and kept.
class Owners {
public:
    explicit Owners(std::shared_ptr<const Config> site) : site_(std::move(site)) {}

    [[nodiscard]] const std::shared_ptr<const Config>& site() const noexcept { return site_; }
    [[nodiscard]] const Config& of(std::string_view account) const;
    /// nullptr as long as the owner has no secret: its learner makes it. Lives as long as this.
    /// Thread-safe.
    [[nodiscard]] const Hasher* hasher(std::string_view account);
    /// Opens a journal when it is first needed and again after a failure. One thread.
    [[nodiscard]] Status append(const AccountEvent& event, Time now);

private:
    struct Journal {
        std::unique_ptr<JournalWriter> writer;
        std::optional<Error> failed;
        std::chrono::steady_clock::time_point again{};  ///< when a failed one is tried again
    };
    static Status append(const AccountEvent& event, Time now, const Config& owner,
                         std::unique_ptr<JournalWriter>& writer);

    const std::shared_ptr<const Config> site_;
    std::mutex mutex_;
    std::map<std::string, Hasher> hashers_;  ///< by tenant, "" the site itself
    std::map<std::string, Journal> journals_;
};

/// After a failure the journal is left alone for so long.
inline constexpr std::chrono::milliseconds kAfterJournalError{5000};

/// Everything that the configuration decides and a reload may change.
struct Serving {
    explicit Serving(std::shared_ptr<const Config> config);

    AccountOptions options;  ///< of the site
    std::string token;       ///< what a request has to bring; "" = nothing
    std::string upstream_authorization;
    std::set<std::string> lock_files;  ///< of the site and its tenants
    Owners owners;
};

/// With the files of secrets that the configuration names; fails when one cannot be read.
[[nodiscard]] Result<std::shared_ptr<Serving>> make_serving(std::shared_ptr<const Config> config);
/// The same from the configuration's file. Every problem of it is an error.
[[nodiscard]] Result<std::shared_ptr<Serving>> load_serving(const std::string& config_file);

/// A configuration without a secret may be one for another address than that of the listener, which
/// stays: then the secret stays as well. True when it does. `listens_on`: of the start.
[[nodiscard]] bool keep_token(const std::string& listens_on, const Serving& before, Serving& next);

/// Keys of kith-accounts that differ from what it was started with and that a reload does not
/// change; "" when there are none, else with commas between.
[[nodiscard]] std::string needs_restart(const Config& started, const Config& now);

/// The one in use: swapped by the loop's thread, asked by all. Who asked keeps it as long as it
/// needs it, so a reload takes nothing from under a thread. Thread-safe.
class CurrentServing {
public:
    explicit CurrentServing(std::shared_ptr<Serving> first) : serving_(std::move(first)) {}
    [[nodiscard]] std::shared_ptr<Serving> get() const {
        const std::lock_guard lock(mutex_);
        return serving_;
    }
    void set(std::shared_ptr<Serving> next) {
        const std::lock_guard lock(mutex_);
        serving_.swap(next);  // the old one ends after the lock
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<Serving> serving_;
};

}  // namespace kith
