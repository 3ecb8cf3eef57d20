// SPDX-License-Identifier: Apache-2.0
// The store: keyed bytes in LMDB. The only includer of lmdb.h is store/store.cpp. Knows nothing of
// what the bytes mean (engine/profile/FORMAT.md does). One writer process (kith-learner), any
// number of readers. Layout of tables and the meta record: engine/store/FORMAT.md. Covered by
// tests/unit/store/.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"

namespace kith {

/// Tables (named LMDB databases). Names and numbers are persistent.
enum class Table : std::uint8_t {
    Meta = 0,       ///< schema version, checkpoint, generation
    Profiles = 1,   ///< Key16 -> profile
    Words = 2,      ///< Key16 -> words of a sender or domain
    SiteWords = 3,  ///< hash32 -> use of one word at the site
    Threads = 4,    ///< hash64 of a Message-ID -> thread
    Hosts = 5,      ///< hash64 of a link host or host+tenant -> who uses it
    Names =
        6,  ///< hash64 of a display name, local part or domain skeleton -> addresses that carry it
    Site = 7,       ///< name -> piece of the site's state
    Messages = 8,   ///< id -> where its record lies in the journal
    Waiting = 9,    ///< due time + id -> mail on probation
    Recent = 10,    ///< Key16 of a sender -> its payload mails of the last hours
    Examples = 11,  ///< kind and slot -> what the experts are fitted on
    Accounts = 12,  ///< own accounts: what is normal for them, and what happened (engine/accounts)
};
inline constexpr int kTableCount = 13;

struct StoreOptions {
    std::string directory = "/var/lib/kith/store";
    std::uint64_t map_size_bytes =
        4ULL << 30;  ///< sparse; upper bound of the store's size. Same for reader and writer.
    unsigned max_readers = 1024;
    bool durable = true;  ///< false: MDB_NOSYNC, for `kith replay`'s throw-away store only
};

/// Read access to one consistent snapshot. One thread at a time; short-lived (a pinned snapshot
/// makes the file grow).
class StoreReader {
public:
    virtual ~StoreReader() = default;
    /// Copy of the value; nullopt when absent. An error is not absence: damaged pages give Corrupt.
    [[nodiscard]] virtual Result<std::optional<std::string>> get(Table table,
                                                                 std::string_view key) const = 0;
    /// Calls `visit(key, value)` in key order from `first` (inclusive) until it returns false or
    /// the table ends. The views are valid during the call only.
    [[nodiscard]] virtual Status scan(
        Table table, std::string_view first,
        const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;
    [[nodiscard]] virtual Result<std::uint64_t> count(Table table) const = 0;
};

/// Write transaction; reads see its own writes. Destroyed without commit() = nothing happened.
class StoreWriter : public StoreReader {
public:
    [[nodiscard]] virtual Status put(Table table, std::string_view key, std::string_view value) = 0;
    [[nodiscard]] virtual Status erase(Table table, std::string_view key) = 0;
    /// Full: map or disk full; nothing is written then, and the writer is finished.
    [[nodiscard]] virtual Status commit() = 0;
};

struct StoreStats {
    std::uint64_t used_bytes = 0, map_bytes = 0, file_bytes = 0;
    std::uint64_t generation = 0;  ///< LMDB's last transaction number
    unsigned readers = 0;
};

/// One opened store; at most one per process and directory (LMDB forbids two). Thread-safe.
class Store {
public:
    enum class Mode { Read, Write };
    /// Opens (Write: creates) the store. Errors: NoInput (Read: none there), Corrupt (truncated,
    /// foreign, other schema), Permission, Full, Unavailable (Write: another writer holds the lock
    /// file). A damaged file never crashes the process: sizes are checked before use and a fault
    /// inside LMDB comes back as Corrupt.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const StoreOptions& options,
                                                             Mode mode);
    virtual ~Store() = default;

    /// Snapshot. Corrupt when the file was truncated or replaced since open: close and open again.
    [[nodiscard]] virtual Result<std::unique_ptr<StoreReader>> read() const = 0;
    /// REQUIRES Mode::Write, one writer at a time.
    [[nodiscard]] virtual Result<std::unique_ptr<StoreWriter>> write() = 0;
    [[nodiscard]] virtual Result<StoreStats> stats() const = 0;
    /// Number of the last committed transaction, cheap (no system call beyond one fstat): a
    /// reader's cache key.
    [[nodiscard]] virtual Result<std::uint64_t> generation() const = 0;
    /// Frees slots of readers that died; call now and then from the writer. Returns how many.
    [[nodiscard]] virtual int release_dead_readers() = 0;
    /// Hot, consistent copy into an existing empty directory.
    [[nodiscard]] virtual Status copy_to(const std::string& directory) const = 0;
};

/// Snapshot of the store as it is now, for who needs nothing else of it. Errors as of Store::open()
/// for reading and read().
[[nodiscard]] Result<std::unique_ptr<StoreReader>> read_store(const StoreOptions& options);

}  // namespace kith
