// SPDX-License-Identifier: Apache-2.0
// Which own accounts are locked, until when and why: a small text file that `kith account` writes
// and that kith-milter and kith-accounts read. A lock ends by itself: its end is in the file, and
// who reads it compares with the clock. A file that cannot be read locks nobody. Covered by
// tests/unit/base/account_lock_test.cpp.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

struct AccountLock {
    std::string account;  ///< login name, lower case
    Time since{}, until{};
    bool outbound = false;  ///< its mail does not go out
    bool login = false;     ///< it does not log in
    std::string by;         ///< who locked it
    std::string why;        ///< one line; "" = nothing was said
    bool operator==(const AccountLock&) const = default;
};

/// More locks than this are refused: a site in that state stops its mail server.
inline constexpr std::size_t kMaxAccountLocks = 4096;
/// Longest account name and longest reason, bytes; longer names are refused, longer reasons cut.
inline constexpr std::size_t kMaxLockAccount = 255;
inline constexpr std::size_t kMaxLockReason = 300;

/// The locks of the file as text and back. parse_locks() is total; Corrupt for what is no such
/// file, with the line.
[[nodiscard]] std::string print_locks(const std::vector<AccountLock>& locks);
[[nodiscard]] Result<std::vector<AccountLock>> parse_locks(std::string_view text);

/// All locks of the file, ended ones as well. A missing file has none. Permission, Io, Corrupt.
[[nodiscard]] Result<std::vector<AccountLock>> read_locks(const std::string& file);
/// Changes the file as a whole or not at all; one writer at a time. Locks that ended before `now`
/// are left out. Full for more than kMaxAccountLocks; what reading and writing fail with.
[[nodiscard]] Status change_locks(const std::string& file, Time now,
                                  const std::function<void(std::vector<AccountLock>&)>& change);

/// The file as a service sees it: read again when it changed, at most once in `look_again`.
/// Thread-safe.
class LockTable {
public:
    explicit LockTable(std::string file,
                       std::chrono::milliseconds look_again = std::chrono::seconds(1))
        : file_(std::move(file)), look_again_(look_again) {}
    /// The lock of `account` (any case) that stands at `now`. What was read last counts while the
    /// file cannot be read.
    [[nodiscard]] std::optional<AccountLock> find(std::string_view account, Time now);
    /// Why the file cannot be read; "" = it can.
    [[nodiscard]] std::string trouble();

private:
    void refresh();

    const std::string file_;
    const std::chrono::milliseconds look_again_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point looked_{};
    struct Stamp {
        ino_t inode = 0;
        off_t size = 0;
        timespec changed{};
    } stamp_;
    std::vector<AccountLock> locks_;  ///< by account
    std::string trouble_;
};

/// "account locked until 2026-03-01T12:00:00Z: reason", for SMTP and IMAP answers.
[[nodiscard]] std::string lock_text(const AccountLock& lock);

}  // namespace kith
