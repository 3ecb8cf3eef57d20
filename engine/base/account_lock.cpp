// SPDX-License-Identifier: Apache-2.0
#include "engine/base/account_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/text.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/whole_file.hpp"

namespace kith {
namespace {

constexpr std::string_view kHead = "kith locks 1";
constexpr std::size_t kFields = 6;
constexpr std::size_t kMaxWho = 64;
/// Every lock at its longest, and some.
constexpr std::size_t kMaxFileBytes = 4U << 20;

/// On one line, without the separator.
std::string one_line(std::string_view text, std::size_t max_bytes) {
    std::string out = scrub_utf8(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return std::string(utf8_prefix(out, max_bytes));
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n < 0 || n > 253402300799)
        return std::nullopt;  // up to the year 9999
    return n;
}

std::optional<AccountLock> parse_line(std::string_view line) {
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() != kFields) return std::nullopt;
    const auto until = number(fields[1]), since = number(fields[2]);
    if (!until || !since || fields[0].empty() || fields[0].size() > kMaxLockAccount)
        return std::nullopt;
    AccountLock lock{std::string(fields[0]),
                     from_unix(*since),
                     from_unix(*until),
                     false,
                     false,
                     one_line(fields[4], kMaxWho),
                     one_line(fields[5], kMaxLockReason)};
    for (const std::string_view what : split(fields[3], ','))
        if (what == "outbound")
            lock.outbound = true;
        else if (what == "login")
            lock.login = true;
        else
            return std::nullopt;
    return lock;
}

}  // namespace

std::string print_locks(const std::vector<AccountLock>& locks) {
    std::string out = std::string(kHead) + '\n';
    for (const AccountLock& l : locks) {
        if (!l.outbound && !l.login) continue;  // stops nothing
        out += one_line(l.account, kMaxLockAccount) + '\t' + std::to_string(to_unix(l.until)) +
               '\t' + std::to_string(to_unix(l.since)) + '\t' + (l.outbound ? "outbound" : "") +
               (l.outbound && l.login ? "," : "") + (l.login ? "login" : "") + '\t' +
               one_line(l.by, kMaxWho) + '\t' + one_line(l.why, kMaxLockReason) + '\n';
    }
    return out;
}

Result<std::vector<AccountLock>> parse_locks(std::string_view text) {
    std::vector<AccountLock> out;
    if (!text.starts_with(kHead) || !text.ends_with('\n'))
        return fail(ErrorCode::Corrupt, "no list of locks, or not all of it");
    const std::vector<std::string_view> lines = split(text.substr(0, text.size() - 1), '\n');
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (out.size() == kMaxAccountLocks)
            return fail(ErrorCode::Corrupt,
                        "more than " + std::to_string(kMaxAccountLocks) + " locks");
        auto lock = parse_line(lines[i]);
        if (!lock) return fail(ErrorCode::Corrupt, "line " + std::to_string(i + 1) + " is no lock");
        out.push_back(std::move(*lock));
    }
    return out;
}

Result<std::vector<AccountLock>> read_locks(const std::string& file) {
    const auto text = read_small(file, kMaxFileBytes);
    if (!text) {
        if (text.error().code == ErrorCode::NoInput) return std::vector<AccountLock>();
        return fail(text.error());
    }
    auto locks = parse_locks(*text);
    if (!locks)
        return fail(ErrorCode::Corrupt, file + ": " + locks.error().what,
                    "remove it and lock again what has to be locked");
    return locks;
}

Status change_locks(const std::string& file, Time now,
                    const std::function<void(std::vector<AccountLock>&)>& change) {
    const std::string guard = file + ".lock";
    const UniqueFd fd(::open(guard.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!fd) return cannot_create(guard, errno);
    if (Status given = give_to_owner_of_directory(fd.get(), guard); !given) return given;
    while (::flock(fd.get(), LOCK_EX) != 0)
        if (errno != EINTR) return os_fail(guard, errno);
    auto locks = read_locks(file);
    if (!locks) return fail(locks.error());
    std::erase_if(*locks, [&](const AccountLock& l) { return l.until <= now; });
    change(*locks);
    if (locks->size() > kMaxAccountLocks)
        return fail(ErrorCode::Full,
                    file + ": more than " + std::to_string(kMaxAccountLocks) + " locks",
                    "kith account locks lists them, kith account unlock ends one");
    return write_whole(file, print_locks(*locks));
}

void LockTable::refresh() {
    const auto now = std::chrono::steady_clock::now();
    if (looked_ != std::chrono::steady_clock::time_point{} && now - looked_ < look_again_) return;
    looked_ = now;
    struct stat status {};
    if (::stat(file_.c_str(), &status) != 0) {
        // Without the file nobody is locked; a directory that cannot be looked into says nothing.
        if (errno == ENOENT) {
            locks_.clear();
            stamp_ = {};
            trouble_.clear();
        } else {
            trouble_ = os_fail(file_, errno).take().text();
        }
        return;
    }
    if (trouble_.empty() && status.st_ino == stamp_.inode && status.st_size == stamp_.size &&
        status.st_mtim.tv_sec == stamp_.changed.tv_sec &&
        status.st_mtim.tv_nsec == stamp_.changed.tv_nsec)
        return;
    auto locks = read_locks(file_);
    if (!locks) {
        trouble_ = locks.error().text();
        return;
    }
    trouble_.clear();
    locks_ = std::move(*locks);
    std::sort(locks_.begin(), locks_.end(),
              [](const AccountLock& a, const AccountLock& b) { return a.account < b.account; });
    stamp_ = {status.st_ino, status.st_size, status.st_mtim};
}

std::optional<AccountLock> LockTable::find(std::string_view account, Time now) {
    if (account.empty()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    refresh();
    if (locks_.empty()) return std::nullopt;
    const std::string name = ascii_lower(account);
    const auto found = std::lower_bound(
        locks_.begin(), locks_.end(), name,
        [](const AccountLock& l, const std::string& wanted) { return l.account < wanted; });
    if (found == locks_.end() || found->account != name || found->until <= now) return std::nullopt;
    return *found;
}

std::string LockTable::trouble() {
    const std::lock_guard lock(mutex_);
    refresh();
    return trouble_;
}

std::string lock_text(const AccountLock& lock) {
    return "account locked until " + iso8601(lock.until) + (lock.why.empty() ? "" : ": ") +
           lock.why;
}

}  // namespace kith
