// SPDX-License-Identifier: Apache-2.0
// Mail that goes before journal.keep is over: retention.passed, retention.held. What is due is
// found in the journal; it goes from the index first, in a transaction, and from the journal when
// that is committed, so that a round that ends in between is made good by the next: a record whose
// entry is gone is due. Covered by tests/unit/learner/retention_test.cpp.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "engine/base/notify.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/journal.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// One round, its steps in this order. `alive` is called for each record. One thread.
class Retention {
public:
    /// Both must stay valid.
    Retention(const Config& config, const Alive& alive) : config_(config), alive_(alive) {}

    /// What of the journal before `checkpoint`, of closed files that were not looked through yet,
    /// is due at `now`: a file when its newest record is as old, and a bounded number of mails.
    [[nodiscard]] Status find(const StoreReader& reader, JournalPosition checkpoint, Time now);
    /// Takes the entries of what was found out of the index.
    [[nodiscard]] Status erase_entries(StoreWriter& writer) const;
    /// Takes the records out of the journal. REQUIRES: erase_entries() is committed.
    [[nodiscard]] Status redact() const;
    /// There are files that need not be looked through again.
    [[nodiscard]] bool has_moved() const noexcept;
    /// Notes which these are.
    [[nodiscard]] Status note(StoreWriter& writer) const;

private:
    enum class Class { Passed, Other };
    struct Due {
        std::set<std::string> ids{};
        RedactSpan span{};
        std::uint64_t done_before = 0;  ///< number of the last file that was looked through
        std::uint64_t done = 0;         ///< the same after this round
    };
    [[nodiscard]] Status find(const StoreReader& reader, JournalPosition checkpoint, Time now,
                              Class which, Due& due) const;
    [[nodiscard]] Status redact(const Due& due) const;

    const Config& config_;
    const Alive& alive_;
    Due passed_, held_;
};

}  // namespace kith
