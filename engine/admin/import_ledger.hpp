// SPDX-License-Identifier: Apache-2.0
// Which mails were imported already: what makes `kith import` resumable and a repeated one add
// nothing. The journal is the truth; this file only saves reading all of it, and outlives records
// the journal has forgotten. It notes up to which position of the journal it is complete; opening
// reads on from there, so a run that was killed between a record and the note loses neither. Bytes:
// FORMAT.md. Covered by tests/unit/admin/import_ledger_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"

namespace kith::admin {

/// One import at a time holds it. One thread.
class ImportLedger {
public:
    /// Reads `file` and what the journal has beyond. A damaged file is built anew from the journal.
    /// TryAgain while another import runs; else what the file or the journal fails with.
    [[nodiscard]] static Result<ImportLedger> open(const std::string& file,
                                                   const JournalOptions& journal);

    /// The same for one who only looks: makes no file, waits for nobody. Not to be saved.
    [[nodiscard]] static Result<ImportLedger> look(const std::string& file,
                                                   const JournalOptions& journal);

    [[nodiscard]] bool has(std::string_view id) const { return ids_.count(std::string(id)) > 0; }
    /// Notes a mail whose record was appended.
    void add(std::string_view id) { ids_.emplace(id); }
    [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }

    /// Writes all to the file, which changes as a whole or not at all. `complete_to`: every record
    /// before it is noted.
    [[nodiscard]] Status save(JournalPosition complete_to) const;

private:
    ImportLedger() = default;
    [[nodiscard]] Status read(const JournalOptions& journal);
    std::string file_;
    UniqueFd lock_;
    std::unordered_set<std::string> ids_;
};

}  // namespace kith::admin
