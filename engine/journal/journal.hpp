// SPDX-License-Identifier: Apache-2.0
// The journal: append-only segment files of typed, checksummed records; the one way by which
// anything reaches the learner. Any number of writing processes (milter, kith, later accounts):
// each append is one record under a file lock. Bytes: engine/journal/FORMAT.md. Covered by
// tests/unit/journal/.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// Type of a record. Numbers are persistent, never reused.
enum class RecordType : std::uint16_t {
    Mail = 1,     ///< one mail as observed and judged (payload: journal/mail_record.hpp MailRecord)
    Release = 2,  ///< an admin released a held mail
    Confirm = 3,  ///< an admin confirmed that a mail was bad
    Forget = 4,   ///< an admin asks to forget an address
    Replied = 5,  ///< reserved
    Note = 6,     ///< free text for the record
    Close = 7,    ///< an admin closed an incident
    // 8 to 15 are kept free.
    Disallow = 16,  ///< an admin took back what was allowed with a release
    Drop = 17,      ///< an admin deleted a held mail
    Hold = 18,      ///< what the queue says of a mail that was to be held
    Report = 19,    ///< somebody reported a mail
    Audit = 20,     ///< the newest line of the audit log, so that its end cannot be cut unseen
    Account = 21,   ///< something happened on an own account (payload: journal/account_event.hpp)
    Erase = 22,     ///< an admin has an address erased, named by its keyed hash
};

/// Where a record begins. Ordered; persistent as the learner's checkpoint.
struct JournalPosition {
    std::uint64_t segment = 0;  ///< number in the file name, from 1; 0 = before everything
    std::uint64_t offset = 0;   ///< in the uncompressed segment
    auto operator<=>(const JournalPosition&) const = default;
};

struct JournalRecord {
    RecordType type = RecordType::Note;
    Time time{};               ///< when it was appended
    std::string payload;       ///< bytes of the type's own format
    JournalPosition position;  ///< of this record
    JournalPosition next;      ///< where reading goes on
};

struct JournalOptions {
    std::string directory = "/var/lib/kith/journal";
    std::uint64_t segment_bytes = 16ULL << 20;  ///< a segment is closed when it is larger
    std::uint32_t max_record_bytes =
        1U << 20;                ///< a larger record is refused (and taken for damage when read)
    Seconds keep{90LL * 86400};  ///< closed segments older than this are deleted by the learner
};

/// Appends records. Thread-safe; several processes may append to one directory.
class JournalWriter {
public:
    [[nodiscard]] static Result<std::unique_ptr<JournalWriter>> open(const JournalOptions& options);
    virtual ~JournalWriter() = default;
    /// Position of the record. Full: nothing of it stays in the file. A torn tail left by a killed
    /// writer is cut first.
    [[nodiscard]] virtual Result<JournalPosition> append(RecordType type, Time time,
                                                         std::string_view payload) = 0;
    /// Begins the next segment, so that all that was appended so far is in closed ones. Nothing is
    /// done where the current one has no record.
    [[nodiscard]] virtual Status close_segment() = 0;
    /// Forces what was appended to disk (fdatasync).
    [[nodiscard]] virtual Status sync() = 0;
};

/// Reads records in order. One thread.
class JournalReader {
public:
    [[nodiscard]] static Result<std::unique_ptr<JournalReader>> open(const JournalOptions& options);
    virtual ~JournalReader() = default;
    /// Goes to `position` (as returned earlier); a position in a segment that was deleted goes to
    /// the oldest one left.
    [[nodiscard]] virtual Status seek(JournalPosition position) = 0;
    /// Next record; nullopt when none is complete yet. Damaged bytes are skipped up to the next
    /// record that checks out (never across a torn tail that may still be written) and counted in
    /// damaged_bytes().
    [[nodiscard]] virtual Result<std::optional<JournalRecord>> next() = 0;
    /// The record at `position`. NoInput when the segment is gone, Corrupt when it does not check
    /// out.
    [[nodiscard]] virtual Result<JournalRecord> at(JournalPosition position) = 0;
    [[nodiscard]] virtual std::uint64_t damaged_bytes() const noexcept = 0;
    /// Number of the segment in which damage was found last; 0 = none was.
    [[nodiscard]] virtual std::uint64_t damaged_segment() const noexcept = 0;
    /// End of what is there now.
    [[nodiscard]] virtual Result<JournalPosition> end() = 0;
};

/// Calls `visit` with each record from where the reader stands to the end of what is there. An
/// error of either ends it.
[[nodiscard]] Status for_each_record(JournalReader& reader,
                                     const std::function<Status(const JournalRecord&)>& visit);

/// Path of the file that holds the segment, plain or compressed; "" when there is none any more.
[[nodiscard]] std::string segment_path(const JournalOptions& options, std::uint64_t segment);

/// Compresses closed segments (zstd) and deletes those older than options.keep, both only below
/// `read_up_to`. Returns bytes freed. Called by the learner; safe beside writers and readers.
/// Does nothing while another process tidies or redacts. `alive` is called for each segment.
[[nodiscard]] Result<std::uint64_t> tidy_journal(
    const JournalOptions& options, JournalPosition read_up_to, Time now,
    const std::function<void()>& alive = [] {});

/// Where redact_journal() looks.
struct RedactSpan {
    std::uint64_t first_segment = 0;
    JournalPosition before;          ///< not from there on
    std::optional<Time> older_than;  ///< only in segments whose newest record is older
};
struct Redacted {
    std::uint64_t records = 0;       ///< changed
    std::uint64_t segments = 0;      ///< written anew
    std::uint64_t looked_up_to = 0;  ///< number of the last segment that was looked through
};
/// What is to stand in a record's place: nullopt = it stays; a payload of the same type, not longer
/// than the old one and filled up with NUL bytes; "" = nothing is left, it becomes a Note of
/// blanks. A longer payload counts as "".
using Redaction = std::function<std::optional<std::string>(const JournalRecord&)>;
/// Changes records of the past in closed segments, oldest first; all positions stay as they are. A
/// segment is written anew beside the old one and takes its name, so that whoever ends in between
/// leaves it as it was or as it is to be. Safe beside writers, readers and tidy_journal(); TryAgain
/// while another process redacts or tidies for longer than a minute. What is damaged stays.
[[nodiscard]] Result<Redacted> redact_journal(const JournalOptions& options, const RedactSpan& span,
                                              const Redaction& redact);

}  // namespace kith
