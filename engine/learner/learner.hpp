// SPDX-License-Identifier: Apache-2.0
// The learner: tails the journal, judges and learns, and moves its checkpoint in the same
// transaction, so that every record counts exactly once whenever the process ends. Only writer of
// the store. Covered by tests/unit/learner/learner_test.cpp and tests/unit/learner/kill_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/notify.hpp"
#include "engine/config/config.hpp"
#include "engine/documents/extract.hpp"
#include "engine/learner/attached.hpp"

namespace kith {

/// What one step did.
struct LearnerStep {
    std::size_t records = 0;
    bool more = false;  ///< the journal has further records already
};

/// A delivered mail whose documents name payment data other than its sender's.
struct AttachedFinding {
    std::string id, queue_id, from;
    std::string text;  ///< in plain words
};

/// What one look into the spool of documents did.
struct DocumentStep {
    std::size_t documents = 0;  ///< read, or tried
    std::size_t killed = 0;     ///< of them: their process was
    std::vector<AttachedFinding> findings;
};

/// What could not be read; nothing of it was learned.
struct Unreadable {
    std::uint64_t records = 0;        ///< whole in the journal, but not to be decoded or applied
    std::uint64_t journal_bytes = 0;  ///< damaged
    std::uint64_t store_records = 0;  ///< of the site's state
    std::string journal_file;         ///< where in the journal that was last; "" = nowhere
    auto operator<=>(const Unreadable&) const = default;
};

/// Journal records wait no longer than this for documents.
inline constexpr std::chrono::seconds kDocumentTime{2};

/// A store that could not be used; the learner began a new one.
struct MovedStore {
    std::string to;  ///< its new name; "" = none was moved
    std::string why;
};

/// One thread.
class Learner {
public:
    /// Creates directories' content, secret and store where missing. A store that is damaged or
    /// foreign is moved aside (its new name is in `moved_store()`) and learned again from the
    /// journal. Unavailable when another learner runs; Config when the secret is lost or not the
    /// store's. `alive` is called while something takes long: an erasure, tidying.
    [[nodiscard]] static Result<std::unique_ptr<Learner>> open(
        std::shared_ptr<const Config> config, const Alive& alive = [] {});
    virtual ~Learner() = default;

    /// Learns at most learner.batch_records records and commits; where there are none, looks
    /// whether the store is still there. On an error nothing of the step is kept and the next step
    /// starts from the checkpoint.
    [[nodiscard]] virtual Result<LearnerStep> step() = 0;
    /// Reads documents that wait of mail that step() has taken in, for at most kDocumentTime and
    /// one document more, and learns what they name; each mail in a transaction of its own, counted
    /// once whenever the process ends. What is never read is removed after kDocumentKept.
    [[nodiscard]] virtual Result<DocumentStep> read_documents(const Extractor& extractor,
                                                              Time now) = 0;
    /// Now and then: dead readers, expired threads and index entries, journal compression and
    /// retention.
    [[nodiscard]] virtual Status tidy(Time now) = 0;
    [[nodiscard]] virtual const MovedStore& moved_store() const noexcept = 0;
    /// Arrival of the newest mail whose clock was believed (believed_time.hpp).
    [[nodiscard]] virtual std::optional<Time> newest_mail() const noexcept = 0;
    /// Mail comes from a clock that is not believed.
    [[nodiscard]] virtual bool clock_doubted() const noexcept = 0;
    /// What had to be skipped since open.
    [[nodiscard]] virtual Unreadable unreadable() const = 0;
};

/// Makes the directories of store and journal where they are missing, and a tenant's own, which the
/// package that makes the site's does not know. Permission or NoInput, with what helps.
[[nodiscard]] Status make_state_directories(const Config& config);

/// True for an error of step() that no further step mends: the store is gone, was replaced or is
/// damaged. Learner::open in a new process begins a new one from the journal.
[[nodiscard]] bool is_store_lost(const Error& error) noexcept;

/// Number of the journal segment in which the learner met damage last; 0 = in none. Stored in table
/// Meta, so that kith status can tell long after.
[[nodiscard]] Result<std::uint64_t> read_damaged_segment(const StoreReader& reader);

/// Since when mail comes from a clock that is not believed, by that clock; nullopt when it is.
/// Stored in table Meta.
[[nodiscard]] Result<std::optional<Time>> read_doubted_clock(const StoreReader& reader);

/// The newest line of the audit log that the learner was told of; 0 = of none. Stored in table
/// Meta.
struct AuditMark {
    std::uint64_t number = 0;
    std::string hash;  ///< 64 hexadecimal digits
    /// Number of the last line that came again with another digest: the log had lost its end and
    /// has grown as long since. 0 = none ever did.
    std::uint64_t rewritten = 0;
};
[[nodiscard]] Result<AuditMark> read_audit_mark(const StoreReader& reader);

/// Where the learner stands; stored in table Meta.
[[nodiscard]] Result<JournalPosition> read_checkpoint(const StoreReader& reader);

}  // namespace kith
