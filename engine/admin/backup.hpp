// SPDX-License-Identifier: Apache-2.0
// A copy of all that kith has learned and recorded, as a directory that another machine can use,
// whatever its architecture: the store as a dump of one snapshot, the journal's files, the site's
// secret, the configuration, and a list of all of them with sizes and SHA-256. Form:
// engine/admin/FORMAT.md, "Backup". Covered by tests/unit/admin/backup_test.cpp.
#pragma once

#include <string>

#include "engine/admin/command.hpp"

namespace kith::admin {

struct BackupSummary {
    std::string directory;
    std::uint64_t files = 0, bytes = 0, records = 0;
    std::string made;  ///< iso8601; "" when it could not be read
    std::string host, version;
};

/// Makes `directory`, whole or not at all; it must not be there yet. The services go on meanwhile:
/// the journal is copied after the snapshot was taken, so that it has all that the store refers to.
[[nodiscard]] Result<BackupSummary> make_backup(const Config& config, const StoreReader& reader,
                                                const std::string& config_path,
                                                const std::string& directory, Time now);

/// Reads every byte of it. Corrupt names the file that is not what it was.
[[nodiscard]] Result<BackupSummary> verify_backup(const std::string& directory);

/// Verifies it, builds everything beside what is there, and only then swaps: store, journal and
/// secret of `config`. What was there is kept beside it, with the ending .before-restore. The
/// services must be stopped.
[[nodiscard]] Result<BackupSummary> restore_backup(const Config& config,
                                                   const std::string& directory);

}  // namespace kith::admin
