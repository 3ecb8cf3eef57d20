// SPDX-License-Identifier: Apache-2.0
// The store on LMDB; the only includer of lmdb.h. What LMDB asks of its users is kept here, in one
// place: one writer (a lock file), no open environment twice in a process or across fork, no
// pointer into the map outside a call, read transactions not tied to threads (MDB_NOTLS:
// libmilter's threads wander), and no belief in the file (fault_guard.hpp). Bytes:
// engine/store/FORMAT.md. Covered by tests/unit/store/{store,faults,processes}_test.cpp.
#include "engine/store/store.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/crc32c.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/store/fault_guard.hpp"
#include "engine/store/format_key.hpp"

namespace kith {
namespace {

using store::guarded;
using store::kFault;

constexpr mode_t kDataMode = 0640;
constexpr mode_t kLockMode = 0660;         // readers of the group take their slots in it
constexpr std::size_t kMaxKeyBytes = 511;  // LMDB's, as Debian builds it
// Larger values are refused, and taken for damage when read: bounds what a damaged length can make
// us allocate.
constexpr std::size_t kMaxValueBytes = 64U << 20;
constexpr std::size_t kSumBytes = 4;
// Idle read transactions kept for reuse; each holds one reader slot.
constexpr std::size_t kMaxIdle = 64;
// Less than this left on the disk is why LMDB says EIO after a short write.
constexpr std::uint64_t kNearlyFullBytes = 1U << 20;

// Names of the tables. Persistent.
/// Tables from this one on came after the first release: a store that no learner of this version
/// has opened yet lacks them, and is read as if they were empty.
constexpr std::size_t kFirstLaterTable = static_cast<std::size_t>(Table::Accounts);
constexpr int kLockTries = 25;
constexpr std::chrono::milliseconds kLockPause{20};
constexpr MDB_dbi kNoTable = 0;  // LMDB's own; no named table gets it
constexpr std::array<const char*, kTableCount> kTableNames = {
    "meta", "profiles", "words",   "site_words", "threads",  "hosts",   "names",
    "site", "messages", "waiting", "recent",     "examples", "accounts"};

constexpr std::string_view kFormatMagic = "KITHSTOR";
constexpr std::uint32_t kSchemaVersion = 1;

// In the machine's own byte order, like LMDB's pages: another order or word size then differs.
std::string format_record() {
    const std::array<std::uint32_t, 3> numbers = {kSchemaVersion, 0x01020304U, sizeof(std::size_t)};
    std::string record(kFormatMagic);
    record.append(reinterpret_cast<const char*>(numbers.data()), sizeof numbers);
    return record;
}

MDB_val value_of(std::string_view bytes) noexcept {
    return MDB_val{bytes.size(), const_cast<char*>(bytes.data())};
}

std::uint32_t sum_of(Table table, std::string_view key, std::string_view value) noexcept {
    const char number = static_cast<char>(table);
    return crc32c(value, crc32c(key, crc32c({&number, 1})));
}

// The part of LMDB's two meta pages that tells how long the file must be (lmdb 0.9: struct
// MDB_page, struct MDB_meta).
struct MetaPages {
    std::uint64_t needed_bytes = 0;
    std::uint64_t page_bytes = 0;
};

template <class T>
T field(const char* page, std::size_t offset) noexcept {
    T value;
    std::memcpy(&value, page + offset, sizeof value);
    return value;
}

std::optional<MetaPages> read_meta_pages(int fd) {
    constexpr std::size_t kHead = 16, kMagic = kHead, kVersion = kHead + 4, kPageSize = kHead + 24,
                          kLastPage = kHead + 120, kTxn = kHead + 128, kSize = kHead + 136,
                          kFlags = 10;
    constexpr std::uint32_t kLmdbMagic = 0xBEEFC0DE, kDataVersion = 1;
    constexpr std::uint16_t kMetaFlag = 0x08;
    MetaPages newest;
    std::uint64_t newest_txn = 0, offset = 0;
    for (int i = 0; i < 2; ++i) {
        std::array<char, kSize> page{};
        if (::pread(fd, page.data(), page.size(), static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(page.size()))
            return std::nullopt;
        const auto bytes = field<std::uint32_t>(page.data(), kPageSize);
        if (field<std::uint32_t>(page.data(), kMagic) != kLmdbMagic ||
            field<std::uint32_t>(page.data(), kVersion) != kDataVersion ||
            (field<std::uint16_t>(page.data(), kFlags) & kMetaFlag) == 0 || bytes < 256 ||
            bytes > 65536 || (bytes & (bytes - 1)) != 0 || (i == 1 && bytes != newest.page_bytes))
            return std::nullopt;
        const auto txn = field<std::uint64_t>(page.data(), kTxn);
        const auto last = field<std::uint64_t>(page.data(), kLastPage);
        if (last >= (std::uint64_t{1} << 47)) return std::nullopt;
        if (i == 0 || txn > newest_txn) {
            newest = {(last + 1) * bytes, bytes};
            newest_txn = txn;
        }
        offset = bytes;
    }
    return newest;
}

// LMDB forbids opening one environment twice in a process: closing one drops the other's file
// locks.
class OpenDirectories {
public:
    using Id = std::tuple<pid_t, dev_t, ino_t>;  // what came along with fork is not this process's
    static bool add(Id id) {
        const std::lock_guard guard(mutex());
        return ids().insert(id).second;
    }
    static void remove(Id id) {
        const std::lock_guard guard(mutex());
        ids().erase(id);
    }

private:
    static std::mutex& mutex() {
        static std::mutex instance;
        return instance;
    }
    static std::set<Id>& ids() {
        static std::set<Id> instance;
        return instance;
    }
};

constexpr const char* kRelearnHint =
    "systemctl restart kith-learner: it moves the store aside and learns again from the journal";
constexpr const char* kMakeHint =
    "systemctl restart kith-learner (a tenant's: kith-learner@NAME): it makes the store; or "
    "correct "
    "store.directory";

// The environment with its descriptors; lives as long as the Store or any of its readers.
class Environment {
public:
    Environment(std::string directory, Store::Mode mode)
        : directory_(std::move(directory)), mode_(mode) {}
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    ~Environment() {
        // A forked child has copies of all this, and may touch none of it.
        if (pid_ != ::getpid()) {
            (void)writer_lock_.release();
            return;
        }
        if (wedged_) {  // see wedge()
            (void)writer_lock_.release();
            return;
        }
        for (MDB_txn* txn : idle_) abort(txn);
        if (env_ != nullptr && guarded([this] { return mdb_env_close(env_), 0; }) == kFault)
            damaged_ = true;
        if (registered_) OpenDirectories::remove(id_);
    }

    Status open(const StoreOptions& options) {
        if (auto opened = open_files(); !opened) return opened;
        auto short_file = check_meta_pages();
        if (!short_file) return fail(short_file.error());
        if (auto opened = open_environment(options); !opened) return opened;
        if (auto opened = mode_ == Store::Mode::Write ? create_tables() : open_tables(); !opened)
            return opened;
        if (*short_file) {
            if (auto walked = walk(); !walked) return walked;
        }
        if (mode_ == Store::Mode::Write) {
            lengthen_file();
            int dead = 0;
            if (const int rc = guarded([&] { return mdb_reader_check(env_, &dead); });
                rc != MDB_SUCCESS)
                return error("cannot check its readers", rc);
        }
        return ok();
    }

    [[nodiscard]] MDB_env* env() const noexcept { return env_; }
    [[nodiscard]] MDB_dbi dbi(Table table) const noexcept {
        return dbis_[static_cast<std::size_t>(table)];
    }
    [[nodiscard]] Store::Mode mode() const noexcept { return mode_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

    // Same process, and the file under its name is still the one we opened and not shorter than it
    // was.
    Status check_file() {
        const std::uint64_t seen =
            seen_bytes_.load();  // first: another thread may see it grow meanwhile
        struct stat status {};
        if (::stat(data_path_.c_str(), &status) != 0 && errno != ENOENT)
            return os_fail("store " + directory_, errno);
        return check_file(status, seen,
                          status.st_dev == data_id_.first && status.st_ino == data_id_.second);
    }
    Status check_open_file() {
        const std::uint64_t seen = seen_bytes_.load();
        struct stat status {};
        mdb_filehandle_t fd = -1;
        if (mdb_env_get_fd(env_, &fd) != MDB_SUCCESS || ::fstat(fd, &status) != 0)
            return os_fail("store " + directory_, errno);
        return check_file(status, seen, status.st_nlink > 0);
    }

    // Only a writer of this version may have made the snapshot: a later one may change a store in
    // place. Looked at once a commit.
    Status check_version(MDB_txn* txn) {
        const std::size_t commit = mdb_txn_id(txn);
        if (checked_commit_.load(std::memory_order_relaxed) == commit) return ok();
        if (auto checked = check_format(txn); !checked) return checked;
        if (auto checked = check_tables(txn); !checked) return checked;
        checked_commit_.store(commit, std::memory_order_relaxed);
        return ok();
    }

    // A learner has made the tables that were missing when the store was opened.
    Status check_tables(MDB_txn* txn) {
        if (std::find(dbis_.begin(), dbis_.end(), kNoTable) == dbis_.end()) return ok();
        auto entries = main_entries(txn);
        if (!entries) return fail(entries.error());
        if (*entries < kTableNames.size()) return ok();
        return fail(ErrorCode::Corrupt,
                    "store " + directory_ + ": kith-learner has made tables that it lacked",
                    "it has to be opened again");
    }

    // A read transaction on the newest snapshot.
    Result<MDB_txn*> acquire() {
        const std::lock_guard guard(mutex_);
        for (bool again = true;; again = false) {
            MDB_txn* txn = nullptr;
            int rc = MDB_SUCCESS;
            if (!idle_.empty()) {
                txn = idle_.back();
                rc = guarded([&] { return mdb_txn_renew(txn); });
                if (rc == MDB_SUCCESS) idle_.pop_back();
            } else {
                rc = guarded([&] { return mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); });
            }
            if (rc == MDB_SUCCESS) {
                ++active_;
                return txn;
            }
            if (rc != MDB_MAP_RESIZED || !again || active_ > 0)
                return error("cannot begin to read", rc);
            // A writer with a larger store.map_size went beyond our map. It may only be changed
            // while no transaction of this process is alive; if one is, the next read() tries
            // again.
            for (MDB_txn* old : idle_) abort(old);
            idle_.clear();
            rc = guarded([&] { return mdb_env_set_mapsize(env_, 0); });
            if (rc != MDB_SUCCESS) return error("cannot follow its new map size", rc);
        }
    }

    void release(MDB_txn* txn) {
        if (pid_ != ::getpid()) return;
        const std::lock_guard guard(mutex_);
        --active_;
        if (damaged_ || idle_.size() >= kMaxIdle) {
            abort(txn);
        } else if (guarded([&] { return mdb_txn_reset(txn), 0; }) == MDB_SUCCESS) {
            idle_.push_back(txn);
        } else {
            damaged_ = true;
        }
    }

    void abort(MDB_txn* txn) {
        if (guarded([&] { return mdb_txn_abort(txn), 0; }) == kFault) damaged_ = true;
    }

    // A fault while LMDB was changing things: it may have left cursors that lived on the stack in
    // the transaction's lists, and holds the mutex of writers. Neither can be taken back (aborting
    // would free the cursors), so all of it stays as it is, and closed to everyone, until the
    // process ends; LMDB recovers the mutex then.
    void wedge() noexcept { wedged_ = true; }

    bool begin_writing() noexcept { return !writing_.exchange(true); }
    void end_writing() noexcept { writing_ = false; }

    Unexpected error(const std::string& doing, int rc) {
        const std::string what = "store " + directory_ + ": " + doing;
        if (rc == kFault) {
            damaged_ = true;
            return fail(ErrorCode::Corrupt, what + ": its file is damaged or was truncated",
                        kRelearnHint);
        }
        const std::string text =
            what + ": " + (rc < 0 ? std::string(mdb_strerror(rc)) : std::string());
        switch (rc) {
            case MDB_MAP_FULL:
                return fail(ErrorCode::Full, what + ": the map is full",
                            "raise store.map_size and restart the kith services");
            case MDB_TXN_FULL:
                return fail(ErrorCode::Full, what + ": one transaction changed too much");
            case MDB_READERS_FULL:
                return fail(ErrorCode::Unavailable, what + ": all reader slots are taken",
                            "raise store.max_readers and restart the kith services");
            case MDB_MAP_RESIZED:
                if (mode_ == Store::Mode::Write)  // nobody else could have made it grow
                    return fail(ErrorCode::Corrupt, what + ": its file is damaged", kRelearnHint);
                return fail(ErrorCode::TryAgain, what + ": it grows beyond this process's map",
                            "give all kith services the same store.map_size");
            case MDB_VERSION_MISMATCH:
                return fail(ErrorCode::Corrupt, what + ": another version of LMDB uses it",
                            "restart all kith services, so that they use one library");
            case MDB_PANIC:
            case MDB_CORRUPTED:
            case MDB_PAGE_NOTFOUND:
            case MDB_INVALID:
            case MDB_CURSOR_FULL:
            case MDB_PAGE_FULL:
            case MDB_INCOMPATIBLE:
            case MDB_NOTFOUND:
                damaged_ = damaged_ || rc == MDB_PANIC;
                return fail(ErrorCode::Corrupt, text, kRelearnHint);
            case MDB_BAD_TXN:
                return fail(ErrorCode::Internal,
                            what + ": an earlier call of this transaction failed");
            default:
                break;
        }
        if (rc < 0) return fail(ErrorCode::Internal, text);
        if (rc == EFAULT)
            return fail(ErrorCode::Corrupt, what + ": its file was truncated", kRelearnHint);
        if (rc == EIO && nearly_full())
            return fail(ErrorCode::Full, what + ": the disk is full", "free disk space");
        return os_fail(what, rc, os_error_code(rc) == ErrorCode::Full ? "free disk space" : "");
    }

    // LMDB does not write pages that a transaction took and gave back, so the file may end before
    // the last page it counts. Then nobody could tell it from a truncated one: the writer makes it
    // as long as it says.
    void lengthen_file() noexcept {
        mdb_filehandle_t fd = -1;
        MDB_envinfo info{};
        MDB_stat stat{};
        if (guarded([&] { return mdb_env_info(env_, &info); }) != MDB_SUCCESS ||
            guarded([&] { return mdb_env_stat(env_, &stat); }) != MDB_SUCCESS ||
            mdb_env_get_fd(env_, &fd) != MDB_SUCCESS)
            return;
        struct stat status {};
        const auto needed = static_cast<off_t>((info.me_last_pgno + 1) * stat.ms_psize);
        // Failing here is harmless: open() then walks the whole store before it believes it.
        if (::fstat(fd, &status) == 0 && status.st_size < needed && ::ftruncate(fd, needed) != 0)
            return;
    }

private:
    Status check_file(const struct stat& status, std::uint64_t seen, bool same) {
        if (pid_ != ::getpid())
            return fail(ErrorCode::Internal, "store " + directory_ + ": used across fork");
        if (damaged_)
            return fail(ErrorCode::Corrupt,
                        "store " + directory_ + ": damaged, see the earlier error", kRelearnHint);
        const auto size = static_cast<std::uint64_t>(status.st_size);
        if (!same)
            return fail(ErrorCode::Corrupt,
                        "store " + directory_ + ": its file was moved, deleted or replaced",
                        kRelearnHint);
        if (size < seen)
            return fail(ErrorCode::Corrupt,
                        "store " + directory_ + ": its file was truncated from " +
                            std::to_string(seen) + " to " + std::to_string(size) + " bytes",
                        kRelearnHint);
        while (size > seen && !seen_bytes_.compare_exchange_weak(seen, size)) {
        }
        return ok();
    }

    Status open_files() {
        const bool write = mode_ == Store::Mode::Write;
        if (write)
            if (auto made = make_directory(directory_); !made) return made;
        directory_fd_ = UniqueFd(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct stat status {};
        if (!directory_fd_ || ::fstat(directory_fd_.get(), &status) != 0)
            return os_fail("store " + directory_, errno,
                           errno == ENOENT ? kMakeHint : "check store.directory");
        owner_ = status.st_uid;
        group_ = status.st_gid;
        id_ = {pid_, status.st_dev, status.st_ino};
        if (!OpenDirectories::add(id_))
            return fail(ErrorCode::Unavailable,
                        "store " + directory_ + " is open in this process already",
                        "after an error in writing, restart the process");
        registered_ = true;
        if (write) {
            writer_lock_ = UniqueFd(::openat(directory_fd_.get(), "writer.lock",
                                             O_RDWR | O_CREAT | O_CLOEXEC, kDataMode));
            if (!writer_lock_)
                return os_fail("store " + directory_ + ": cannot lock for writing", errno,
                               errno == EROFS ? "mount its file system writable" : "");
            int locked = ::flock(writer_lock_.get(), LOCK_EX | LOCK_NB);
            // Who only asks whether somebody writes (kith status) has it for a moment, too.
            for (int i = 0; i < kLockTries && locked != 0 && errno == EWOULDBLOCK; ++i) {
                std::this_thread::sleep_for(kLockPause);
                locked = ::flock(writer_lock_.get(), LOCK_EX | LOCK_NB);
            }
            if (locked != 0) {
                if (errno == EWOULDBLOCK)
                    return fail(ErrorCode::Unavailable,
                                "store " + directory_ + ": another process writes it",
                                "only one kith-learner may run");
                return os_fail("store " + directory_ + ": cannot lock for writing", errno);
            }
            if (auto given = give_to_owner(writer_lock_.get()); !given) return given;
        }
        if (write || ::faccessat(directory_fd_.get(), "data.mdb", F_OK, 0) == 0) {
            // Made before LMDB would, for its mode. No right to make it is no failure yet: it may
            // be there.
            const UniqueFd lock(::openat(directory_fd_.get(), "lock.mdb",
                                         O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kLockMode));
            if (lock) {
                (void)::fchmod(lock.get(), kLockMode);
                if (auto given = give_to_owner(lock.get()); !given) return given;
            }
        }
        return ok();
    }

    // The admin's command runs as root; files of root's would shut the services out.
    Status give_to_owner(int fd) const {
        if (::geteuid() == 0 && ::fchown(fd, owner_, group_) != 0)
            return os_fail("store " + directory_ + ": cannot give a file to the directory's owner",
                           errno);
        return ok();
    }

    // True: the file is shorter than it says. That is either a truncated file, or pages that never
    // were written because the writer was killed before lengthen_file(); only a walk can tell.
    Result<bool> check_meta_pages() {
        const UniqueFd fd(::openat(directory_fd_.get(), "data.mdb", O_RDONLY | O_CLOEXEC));
        const bool write = mode_ == Store::Mode::Write;
        if (!fd) {
            if (errno == ENOENT && write) return false;
            return os_fail("store " + directory_ + "/data.mdb", errno,
                           errno == ENOENT ? kMakeHint : "");
        }
        const auto meta = read_meta_pages(fd.get());
        struct stat status {};
        if (::fstat(fd.get(), &status) != 0)
            return os_fail("store " + directory_ + "/data.mdb", errno);
        const auto size = static_cast<std::uint64_t>(status.st_size);
        if (size == 0) {
            if (write) return false;
            return fail(ErrorCode::NoInput, "store " + directory_ + " is empty", kMakeHint);
        }
        if (!meta)
            return fail(ErrorCode::Corrupt,
                        "store " + directory_ + ": data.mdb is not an LMDB file", kRelearnHint);
        if (size >= meta->needed_bytes) return false;
        if (size % meta->page_bytes != 0)
            return fail(ErrorCode::Corrupt,
                        "store " + directory_ + ": data.mdb was truncated: it has " +
                            std::to_string(size) + " of " + std::to_string(meta->needed_bytes) +
                            " bytes",
                        kRelearnHint);
        return true;
    }

    Status open_environment(const StoreOptions& options) {
        store::install_fault_handlers();
        if (const int rc = mdb_env_create(&env_); rc != MDB_SUCCESS)
            return error("cannot create an environment", rc);
        mdb_env_set_assert(env_, [](MDB_env*, const char*) { store::leave_guarded_region(); });
        const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        const std::uint64_t map = std::max(options.map_size_bytes / page, std::uint64_t{16}) * page;
        int rc = mdb_env_set_mapsize(env_, static_cast<std::size_t>(map));
        if (rc == MDB_SUCCESS) rc = mdb_env_set_maxreaders(env_, options.max_readers);
        if (rc == MDB_SUCCESS) rc = mdb_env_set_maxdbs(env_, kTableCount);
        if (rc != MDB_SUCCESS) return error("cannot set its limits", rc);
        unsigned flags = MDB_NOTLS;
        if (mode_ == Store::Mode::Read) flags |= MDB_RDONLY;
        if (!options.durable) flags |= MDB_NOSYNC;
        rc = guarded([&] { return mdb_env_open(env_, directory_.c_str(), flags, kDataMode); });
        if (rc != MDB_SUCCESS) {
            auto failure = error("cannot open", rc);
            if (rc == ENOMEM)
                return fail(
                    ErrorCode::Unavailable,
                    "store " + directory_ + ": cannot map " + std::to_string(map) + " bytes",
                    "lower store.map_size, or raise the address space limit (LimitAS)");
            return failure;
        }
        mdb_filehandle_t fd = -1;
        struct stat status {};
        if (mdb_env_get_fd(env_, &fd) != MDB_SUCCESS || ::fstat(fd, &status) != 0)
            return os_fail("store " + directory_, errno);
        if (mode_ == Store::Mode::Write)
            if (auto given = give_to_owner(fd); !given) return given;
        data_path_ = directory_ + "/data.mdb";
        data_id_ = {status.st_dev, status.st_ino};
        seen_bytes_ = static_cast<std::uint64_t>(status.st_size);
        return ok();
    }

    // In one transaction, so that a store has all of its tables and its format record, or nothing.
    Status create_tables() {
        MDB_txn* txn = nullptr;
        int rc = guarded([&] { return mdb_txn_begin(env_, nullptr, 0, &txn); });
        if (rc == kFault) wedge();
        if (rc != MDB_SUCCESS) return error("cannot begin to write", rc);
        Status done = create_tables(txn);
        if (!done) {
            if (damaged_)
                wedge();
            else
                abort(txn);
            return done;
        }
        rc = guarded([&] { return mdb_txn_commit(txn); });
        if (rc == kFault) wedge();
        if (rc != MDB_SUCCESS) return error("cannot create its tables", rc);
        return ok();
    }

    Status create_tables(MDB_txn* txn) {
        auto entries = main_entries(txn);
        if (!entries) return fail(entries.error());
        if (*entries > 0) {
            MDB_dbi& meta = dbis_[0];
            const int rc = guarded([&] { return mdb_dbi_open(txn, kTableNames[0], 0, &meta); });
            if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE) return foreign();
            if (rc != MDB_SUCCESS) return error("cannot open its table meta", rc);
            if (auto checked = check_format(txn); !checked) return checked;
        }
        for (std::size_t i = 0; i < kTableNames.size(); ++i) {
            const int rc =
                guarded([&] { return mdb_dbi_open(txn, kTableNames[i], MDB_CREATE, &dbis_[i]); });
            if (rc != MDB_SUCCESS)
                return error(std::string("cannot open its table ") + kTableNames[i], rc);
        }
        if (*entries > 0) return ok();
        const std::string record = with_sum(Table::Meta, kStoreFormatKey, format_record());
        MDB_val key = value_of(kStoreFormatKey), value = value_of(record);
        const int rc = guarded([&] { return mdb_put(txn, dbis_[0], &key, &value, 0); });
        if (rc != MDB_SUCCESS) return error("cannot write its format record", rc);
        return ok();
    }

    Status open_tables() {
        MDB_txn* txn = nullptr;
        int rc = guarded([&] { return mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); });
        if (rc != MDB_SUCCESS) return error("cannot begin to read", rc);
        Status done = open_tables(txn);
        if (!done) {
            abort(txn);
            return done;
        }
        // Only a committed transaction leaves its handles behind.
        rc = guarded([&] { return mdb_txn_commit(txn); });
        if (rc != MDB_SUCCESS) return error("cannot open its tables", rc);
        return ok();
    }

    Status open_tables(MDB_txn* txn) {
        auto entries = main_entries(txn);
        if (!entries) return fail(entries.error());
        if (*entries == 0)
            return fail(ErrorCode::NoInput, "store " + directory_ + " is empty", kMakeHint);
        for (std::size_t i = 0; i < kTableNames.size(); ++i) {
            const int rc = guarded([&] { return mdb_dbi_open(txn, kTableNames[i], 0, &dbis_[i]); });
            if (rc == MDB_NOTFOUND && i >= kFirstLaterTable) {
                dbis_[i] = kNoTable;
                continue;
            }
            if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE) return foreign();
            if (rc != MDB_SUCCESS)
                return error(std::string("cannot open its table ") + kTableNames[i], rc);
        }
        return check_format(txn);
    }

    Result<std::size_t> main_entries(MDB_txn* txn) {
        MDB_dbi main = 0;
        MDB_stat stat{};
        int rc = guarded([&] { return mdb_dbi_open(txn, nullptr, 0, &main); });
        if (rc == MDB_SUCCESS) rc = guarded([&] { return mdb_stat(txn, main, &stat); });
        if (rc != MDB_SUCCESS) return error("cannot read its list of tables", rc);
        return stat.ms_entries;
    }

    Status check_format(MDB_txn* txn) {
        auto record = get(txn, Table::Meta, kStoreFormatKey);
        if (!record) return fail(record.error());
        if (!*record || (*record)->substr(0, kFormatMagic.size()) != kFormatMagic) return foreign();
        if (**record == format_record()) return ok();
        const auto version = (*record)->size() == format_record().size()
                                 ? field<std::uint32_t>((*record)->data(), kFormatMagic.size())
                                 : 0;
        if (version > kSchemaVersion && version < 0x10000)
            return fail(
                ErrorCode::Corrupt,
                "store " + directory_ + " is of a later version of kith: schema " +
                    std::to_string(version) + ", this program knows " +
                    std::to_string(kSchemaVersion),
                "systemctl restart kith-milter kith-learner: after an upgrade they know it, "
                "after a downgrade the learner begins a new store from the journal");
        return fail(ErrorCode::Corrupt,
                    "store " + directory_ + " has another schema version, byte order or word size",
                    "kith of another version or machine made it: systemctl restart kith-learner, "
                    "which begins a new one from the journal");
    }

    [[nodiscard]] Unexpected foreign() const {
        return fail(ErrorCode::Corrupt,
                    "store " + directory_ + ": data.mdb is an LMDB file, but not kith's",
                    "check store.directory");
    }

    // Reads every entry of every table.
    Status walk() {
        auto txn = acquire();
        if (!txn) return fail(txn.error());
        Status walked = ok();
        for (int t = 0; t < kTableCount && walked; ++t)
            walked = scan(*txn, static_cast<Table>(t), {},
                          [](std::string_view, std::string_view) { return true; });
        release(*txn);
        return walked;
    }

public:
    static std::string with_sum(Table table, std::string_view key, std::string_view value) {
        std::string stored(kSumBytes, '\0');
        const std::uint32_t sum = sum_of(table, key, value);
        for (std::size_t i = 0; i < kSumBytes; ++i)
            stored[i] = static_cast<char>(sum >> (8 * i) & 0xFFU);
        stored.append(value);
        return stored;
    }

    Status check_key(std::string_view key) const {
        if (!key.empty() && key.size() <= kMaxKeyBytes) return ok();
        return fail(ErrorCode::Usage, "store " + directory_ +
                                          ": a key must have 1 to 511 bytes, not " +
                                          std::to_string(key.size()));
    }

    Result<std::optional<std::string>> get(MDB_txn* txn, Table table, std::string_view key) {
        if (auto checked = check_key(key); !checked) return fail(checked.error());
        if (dbi(table) == kNoTable) return std::optional<std::string>();
        MDB_val k = value_of(key), v{};
        const int rc = guarded([&] { return mdb_get(txn, dbi(table), &k, &v); });
        if (rc == MDB_NOTFOUND) return std::optional<std::string>();
        if (rc != MDB_SUCCESS) return error("cannot read", rc);
        auto value = copy_out(table, key, v);
        if (!value) return fail(value.error());
        return std::optional<std::string>(std::move(*value));
    }

    Status scan(MDB_txn* txn, Table table, std::string_view first,
                const std::function<bool(std::string_view, std::string_view)>& visit) {
        if (!first.empty())
            if (auto checked = check_key(first); !checked) return checked;
        if (dbi(table) == kNoTable) return ok();
        MDB_cursor* cursor = nullptr;
        int rc = guarded([&] { return mdb_cursor_open(txn, dbi(table), &cursor); });
        if (rc != MDB_SUCCESS) return error("cannot read", rc);
        Status done = ok();
        MDB_val k = value_of(first), v{};
        MDB_cursor_op move = first.empty() ? MDB_FIRST : MDB_SET_RANGE;
        for (;;) {
            rc = guarded([&] { return mdb_cursor_get(cursor, &k, &v, move); });
            if (rc == MDB_NOTFOUND) break;
            if (rc != MDB_SUCCESS) {
                done = error("cannot read", rc);
                break;
            }
            move = MDB_NEXT;
            // Copies: what the caller does with them must not read the map.
            auto key = copy(k, kMaxKeyBytes);
            if (!key) {
                done = fail(key.error());
                break;
            }
            auto value = copy_out(table, *key, v);
            if (!value) {
                done = fail(value.error());
                break;
            }
            if (!visit(*key, *value)) break;
        }
        if (guarded([&] { return mdb_cursor_close(cursor), 0; }) == kFault) damaged_ = true;
        return done;
    }

    Result<std::uint64_t> count(MDB_txn* txn, Table table) {
        if (dbi(table) == kNoTable) return std::uint64_t{0};
        MDB_stat stat{};
        const int rc = guarded([&] { return mdb_stat(txn, dbi(table), &stat); });
        if (rc != MDB_SUCCESS) return error("cannot read", rc);
        return static_cast<std::uint64_t>(stat.ms_entries);
    }

private:
    Result<std::string> copy(const MDB_val& in, std::size_t limit) {
        if (in.mv_size > limit) return damaged("an entry has an impossible length");
        std::string out(in.mv_size, '\0');
        char* to = out.data();
        if (guarded([&] { return std::memcpy(to, in.mv_data, in.mv_size), 0; }) != 0)
            return error("cannot read", kFault);
        return out;
    }

    Result<std::string> copy_out(Table table, std::string_view key, const MDB_val& in) {
        auto stored = copy(in, kMaxValueBytes + kSumBytes);
        if (!stored) return stored;
        if (stored->size() < kSumBytes) return damaged("an entry is too short");
        std::uint32_t sum = 0;
        for (std::size_t i = kSumBytes; i-- > 0;)
            sum = sum << 8 | static_cast<std::uint8_t>((*stored)[i]);
        stored->erase(0, kSumBytes);
        if (sum != sum_of(table, key, *stored)) return damaged("an entry's checksum is wrong");
        return stored;
    }

    Unexpected damaged(const char* why) const {
        return fail(ErrorCode::Corrupt, "store " + directory_ + ": " + why, kRelearnHint);
    }

    // Is a short write a matter of room? LMDB reports it as EIO.
    bool nearly_full() const noexcept {
        struct statvfs disk {};
        if (::statvfs(directory_.c_str(), &disk) == 0 &&
            std::uint64_t{disk.f_bavail} * disk.f_frsize < kNearlyFullBytes)
            return true;
        struct rlimit limit {};
        struct stat status {};
        return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
               ::stat(data_path_.c_str(), &status) == 0 &&
               static_cast<std::uint64_t>(status.st_size) + kNearlyFullBytes > limit.rlim_cur;
    }

    const std::string directory_;
    const Store::Mode mode_;
    const pid_t pid_ = ::getpid();
    UniqueFd directory_fd_, writer_lock_;
    uid_t owner_ = 0;
    gid_t group_ = 0;
    OpenDirectories::Id id_{};
    bool registered_ = false;
    MDB_env* env_ = nullptr;
    std::array<MDB_dbi, kTableCount> dbis_{};
    std::string data_path_;
    std::pair<dev_t, ino_t> data_id_{};
    std::atomic<std::uint64_t> seen_bytes_{0};
    std::atomic<std::size_t> checked_commit_{0};  // LMDB's number of it; 0 is none's
    std::atomic<bool> damaged_{false}, writing_{false}, wedged_{false};
    std::mutex
        mutex_;  // guards the two below, and the map's address while no transaction is active
    std::vector<MDB_txn*> idle_;
    unsigned active_ = 0;
};

class Reader final : public StoreReader {
public:
    Reader(std::shared_ptr<Environment> environment, MDB_txn* txn)
        : environment_(std::move(environment)), txn_(txn) {}
    ~Reader() override { environment_->release(txn_); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
        return environment_->get(txn_, table, key);
    }
    Status scan(
        Table table, std::string_view first,
        const std::function<bool(std::string_view, std::string_view)>& visit) const override {
        return environment_->scan(txn_, table, first, visit);
    }
    Result<std::uint64_t> count(Table table) const override {
        return environment_->count(txn_, table);
    }

private:
    const std::shared_ptr<Environment> environment_;
    MDB_txn* const txn_;
};

class Writer final : public StoreWriter {
public:
    Writer(std::shared_ptr<Environment> environment, MDB_txn* txn)
        : environment_(std::move(environment)), txn_(txn) {}
    ~Writer() override { finish(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
        if (txn_ == nullptr) return finished();
        return environment_->get(txn_, table, key);
    }
    Status scan(
        Table table, std::string_view first,
        const std::function<bool(std::string_view, std::string_view)>& visit) const override {
        if (txn_ == nullptr) return finished();
        return environment_->scan(txn_, table, first, visit);
    }
    Result<std::uint64_t> count(Table table) const override {
        if (txn_ == nullptr) return finished();
        return environment_->count(txn_, table);
    }

    Status put(Table table, std::string_view key, std::string_view value) override {
        if (txn_ == nullptr) return finished();
        if (auto checked = environment_->check_key(key); !checked) return checked;
        if (value.size() > kMaxValueBytes)
            return fail(ErrorCode::Usage, "store " + environment_->directory() + ": a value of " +
                                              std::to_string(value.size()) + " bytes is too large");
        const std::string stored = Environment::with_sum(table, key, value);
        MDB_val k = value_of(key), v = value_of(stored);
        const int rc = guarded([&] { return mdb_put(txn_, environment_->dbi(table), &k, &v, 0); });
        return rc == MDB_SUCCESS ? ok() : failed("cannot write", rc);
    }

    Status erase(Table table, std::string_view key) override {
        if (txn_ == nullptr) return finished();
        if (auto checked = environment_->check_key(key); !checked) return checked;
        MDB_val k = value_of(key);
        const int rc =
            guarded([&] { return mdb_del(txn_, environment_->dbi(table), &k, nullptr); });
        return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? ok() : failed("cannot erase", rc);
    }

    Status commit() override {
        if (txn_ == nullptr) return finished();
        if (auto checked = environment_->check_file(); !checked) {
            finish();
            return checked;
        }
        const int rc = guarded([&] { return mdb_txn_commit(txn_); });
        if (rc == kFault) return failed("cannot commit", rc);
        txn_ = nullptr;  // freed by LMDB, whatever came of it
        environment_->end_writing();
        if (rc != MDB_SUCCESS) return environment_->error("cannot commit", rc);
        environment_->lengthen_file();
        return ok();
    }

private:
    [[nodiscard]] Unexpected finished() const {
        return fail(ErrorCode::Internal,
                    "store " + environment_->directory() + ": this write transaction is finished");
    }
    // LMDB allows nothing but an abort after most failures; for the caller it is one rule for all.
    Status failed(const char* doing, int rc) {
        Unexpected failure = environment_->error(doing, rc);
        if (rc == kFault) {
            environment_->wedge();
            txn_ = nullptr;
        }
        finish();
        return failure;
    }
    void finish() {
        if (txn_ == nullptr) return;
        environment_->abort(std::exchange(txn_, nullptr));
        environment_->end_writing();
    }

    const std::shared_ptr<Environment> environment_;
    MDB_txn* txn_;
};

class LmdbStore final : public Store {
public:
    explicit LmdbStore(std::shared_ptr<Environment> environment)
        : environment_(std::move(environment)) {}

    Result<std::unique_ptr<StoreReader>> read() const override {
        if (auto checked = environment_->check_file(); !checked) return fail(checked.error());
        auto txn = environment_->acquire();
        if (!txn) return fail(txn.error());
        if (auto checked = environment_->check_version(*txn); !checked) {
            environment_->release(*txn);
            return fail(checked.error());
        }
        return std::unique_ptr<StoreReader>(std::make_unique<Reader>(environment_, *txn));
    }

    Result<std::unique_ptr<StoreWriter>> write() override {
        if (environment_->mode() != Mode::Write)
            return fail(ErrorCode::Internal,
                        "store " + environment_->directory() + " is open for reading");
        if (auto checked = environment_->check_file(); !checked) return fail(checked.error());
        if (!environment_->begin_writing())
            return fail(ErrorCode::Internal, "store " + environment_->directory() +
                                                 ": a write transaction is open already");
        MDB_txn* txn = nullptr;
        const int rc =
            guarded([&] { return mdb_txn_begin(environment_->env(), nullptr, 0, &txn); });
        if (rc != MDB_SUCCESS) {
            if (rc == kFault) environment_->wedge();
            environment_->end_writing();
            return environment_->error("cannot begin to write", rc);
        }
        return std::unique_ptr<StoreWriter>(std::make_unique<Writer>(environment_, txn));
    }

    Result<StoreStats> stats() const override {
        if (auto checked = environment_->check_file(); !checked) return fail(checked.error());
        MDB_envinfo info{};
        int rc = guarded([&] { return mdb_env_info(environment_->env(), &info); });
        if (rc != MDB_SUCCESS) return environment_->error("cannot read", rc);
        mdb_filehandle_t fd = -1;
        struct stat status {};
        if (mdb_env_get_fd(environment_->env(), &fd) != MDB_SUCCESS || ::fstat(fd, &status) != 0)
            return os_fail("store " + environment_->directory(), errno);
        auto txn = environment_->acquire();
        if (!txn) return fail(txn.error());
        StoreStats stats;
        for (int t = 0; t < kTableCount && rc == MDB_SUCCESS; ++t) {
            MDB_stat table{};
            rc = guarded(
                [&] { return mdb_stat(*txn, environment_->dbi(static_cast<Table>(t)), &table); });
            stats.used_bytes +=
                std::uint64_t{table.ms_psize} *
                (table.ms_branch_pages + table.ms_leaf_pages + table.ms_overflow_pages);
        }
        environment_->release(*txn);
        if (rc != MDB_SUCCESS) return environment_->error("cannot read", rc);
        stats.map_bytes = info.me_mapsize;
        stats.file_bytes = static_cast<std::uint64_t>(status.st_size);
        stats.generation = info.me_last_txnid;
        stats.readers = info.me_numreaders;
        return stats;
    }

    Result<std::uint64_t> generation() const override {
        if (auto checked = environment_->check_open_file(); !checked) return fail(checked.error());
        MDB_envinfo info{};
        const int rc = guarded([&] { return mdb_env_info(environment_->env(), &info); });
        if (rc != MDB_SUCCESS) return environment_->error("cannot read", rc);
        return static_cast<std::uint64_t>(info.me_last_txnid);
    }

    int release_dead_readers() override {
        int dead = 0;
        if (!environment_->check_open_file()) return 0;
        const int rc = guarded([&] { return mdb_reader_check(environment_->env(), &dead); });
        return rc == MDB_SUCCESS ? dead : 0;
    }

    Status copy_to(const std::string& directory) const override {
        if (auto checked = environment_->check_file(); !checked) return checked;
        const std::string path = directory + "/data.mdb";
        const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kDataMode));
        if (!fd) return os_fail("cannot copy the store to " + path, errno);
        // Not the compacting copy: it walks the pages beside a thread of its own, and a fault there
        // could not be survived.
        const int rc = guarded([&] { return mdb_env_copyfd(environment_->env(), fd.get()); });
        Status copied = ok();
        if (rc != MDB_SUCCESS)
            copied = environment_->error("cannot copy to " + path, rc);
        else if (::fsync(fd.get()) != 0)
            copied = os_fail("cannot copy the store to " + path, errno);
        if (!copied) ::unlink(path.c_str());
        return copied;
    }

private:
    const std::shared_ptr<Environment> environment_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, Mode mode) {
    auto environment = std::make_shared<Environment>(options.directory, mode);
    if (auto opened = environment->open(options); !opened) return fail(opened.error());
    return std::unique_ptr<Store>(std::make_unique<LmdbStore>(std::move(environment)));
}

Result<std::unique_ptr<StoreReader>> read_store(const StoreOptions& options) {
    const auto store = Store::open(options, Store::Mode::Read);
    if (!store) return fail(store.error());
    return (*store)->read();
}

}  // namespace kith
