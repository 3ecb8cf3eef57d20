// SPDX-License-Identifier: Apache-2.0
// The mail index: where each judged mail lies in the journal, and what became of it, so that `kith
// list`, `show`, `explain` and `release` find a mail by kith's id, the MTA's queue id or its
// Message-ID without reading the journal. The learner writes it in the transaction that moves its
// checkpoint; the admin's command reads it. Pure functions over one transaction: no clock, no I/O
// of their own. Bytes and keys: engine/learner/FORMAT.md. Covered by
// tests/unit/learner/mail_index_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// What an admin said about a mail. Persistent numbers.
enum class MailState : std::uint8_t { None = 0, Released = 1, Confirmed = 2, Dropped = 3 };
[[nodiscard]] std::string_view to_string(
    MailState s) noexcept;  ///< none, released, confirmed, dropped

/// What the MTA's queue said of a mail that was to be held, when somebody looked. Persistent
/// numbers.
enum class HoldMark : std::uint8_t {
    Unknown = 0,  ///< nobody looked yet
    Seen = 1,     ///< it was on hold
    Missing = 2,  ///< it was not, and never seen so: the hold did not happen
    Left = 3,     ///< it was, and is no more, and kith did not do that
    Freed = 4,    ///< kith release let it go, whatever is said of it afterwards
};
[[nodiscard]] std::string_view to_string(
    HoldMark m) noexcept;  ///< unknown, seen, missing, left, freed

/// What came of the documents attached to a mail (engine/learner/attached.hpp). Persistent numbers.
enum class AttachedMark : std::uint8_t {
    None = 0,     ///< none was read
    Read = 1,     ///< nothing about them is worth a word in a list
    Finding = 2,  ///< they name payment data other than what the sender used before
};

/// One mail as the index knows it; the whole record lies in the journal at `position`.
struct MailEntry {
    std::string id;
    JournalPosition position;
    Time time{};
    double score = 0;
    Verdict verdict = Verdict::Pass;
    Action action = Action::Accepted;
    Direction direction = Direction::Inbound;
    MailState state = MailState::None;
    Time state_time{};  ///< when `state` was set; epoch = never
    bool imported = false;
    /// It was not judged when it came (imported, or the store could not be used): score and verdict
    /// are those it got when it was learned, and `action` was done without them.
    bool judged_late = false;
    std::uint64_t message_id = 0;  ///< Observations::message_id; 0 when the mail has none
    std::string from;              ///< at most kMaxIndexText bytes, as are the next four
    std::string rcpt;              ///< first envelope recipient
    std::uint32_t rcpt_count = 0;
    std::string queue_id, host;
    AttachedMark attached = AttachedMark::None;
    HoldMark hold = HoldMark::Unknown;
    std::uint32_t reports = 0;  ///< how often it was reported

    /// Held, and nobody released or deleted it.
    [[nodiscard]] bool is_on_hold() const noexcept {
        return action == Action::Held && !imported && state != MailState::Dropped && !is_let_go();
    }
    /// Its recipients have it, as far as kith knows: what is on hold no more without kith counts as
    /// handed on, since nobody knows better.
    [[nodiscard]] bool is_delivered() const noexcept {
        return action == Action::Accepted || (state != MailState::Dropped && is_let_go());
    }

private:
    [[nodiscard]] bool is_let_go() const noexcept {
        return state == MailState::Released || hold == HoldMark::Missing ||
               hold == HoldMark::Left || hold == HoldMark::Freed;
    }
};

/// Longest text of an entry, bytes: an address has at most 320 (RFC 5321, 4.5.3.1). Longer ones are
/// cut at a code point.
inline constexpr std::size_t kMaxIndexText = 320;
/// Longest id, queue id or host within a key, bytes: LMDB's keys end at 511.
inline constexpr std::size_t kMaxIndexId = 64;
inline constexpr std::size_t kMaxIndexHost = 255;
/// Shortest beginning of an id that `resolve_mail` takes for one.
inline constexpr std::size_t kMinIdPrefix = 4;

/// The entry of a mail about which nobody said anything yet.
[[nodiscard]] MailEntry entry_of(const MailRecord& record, JournalPosition position);

/// Adds the mail. A mail already there (same id) is replaced and keeps its state. Corrupt for an id
/// that is empty, longer than kMaxIndexId or not of letters and digits. O(log n).
[[nodiscard]] Status index_mail(StoreWriter& writer, const MailRecord& record,
                                JournalPosition position);

/// Notes what an admin said at `when`. NoInput when the id is unknown.
[[nodiscard]] Status set_mail_state(StoreWriter& writer, std::string_view id, MailState state,
                                    Time when);

/// Notes what came of the mail's documents. NoInput when the id is unknown.
[[nodiscard]] Status set_mail_attached(StoreWriter& writer, std::string_view id, AttachedMark mark);

/// Notes what the MTA's queue said. NoInput when the id is unknown.
[[nodiscard]] Status set_mail_hold(StoreWriter& writer, std::string_view id, HoldMark mark);

/// Counts one more report. NoInput when the id is unknown.
[[nodiscard]] Status count_mail_report(StoreWriter& writer, std::string_view id);

/// Removes the entry and what hangs on it; one that is not there is no failure.
[[nodiscard]] Status erase_mail(StoreWriter& writer, std::string_view id);
/// Calls `visit` with every entry, in no order that means anything, until it returns false.
/// Entries that cannot be read are passed over.
[[nodiscard]] Status for_each_mail(const StoreReader& reader,
                                   const std::function<bool(MailEntry)>& visit);
/// Names another recipient first. NoInput when the id is unknown.
[[nodiscard]] Status set_mail_recipient(StoreWriter& writer, std::string_view id,
                                        const std::string& rcpt);

/// It was delivered with the verdict pass, and nobody said a word about it: retention.passed.
[[nodiscard]] bool has_passed(const MailEntry& entry) noexcept;

/// Removes at most `max_entries` entries older than `before`, oldest last; returns how many. Fewer
/// than `max_entries` = done.
[[nodiscard]] Result<std::size_t> expire_mail(StoreWriter& writer, Time before,
                                              std::size_t max_entries);

/// The mail with exactly this id.
[[nodiscard]] Result<std::optional<MailEntry>> find_mail(const StoreReader& reader,
                                                         std::string_view id);
/// All mails with this queue id, newest first; `host` "" = of any host. Short queue ids are used
/// again after a while.
[[nodiscard]] Result<std::vector<MailEntry>> find_by_queue_id(const StoreReader& reader,
                                                              std::string_view queue_id,
                                                              std::string_view host = {});
/// All mails with this Message-ID hash, newest first, at most `max`. 0 finds nothing.
[[nodiscard]] Result<std::vector<MailEntry>> find_by_message_id(const StoreReader& reader,
                                                                std::uint64_t hash,
                                                                std::size_t max = 100);
/// Mails whose id begins with `prefix`, in id order, at most `max`.
[[nodiscard]] Result<std::vector<MailEntry>> find_by_id_prefix(const StoreReader& reader,
                                                               std::string_view prefix,
                                                               std::size_t max = 100);

/// The one mail that `text` names: an id, a queue id, a Message-ID (given as `message_id_hash`, 0 =
/// none) or the unique beginning of an id. NoInput when there is none; Usage, naming the
/// candidates, when there are several.
[[nodiscard]] Result<MailEntry> resolve_mail(const StoreReader& reader, std::string_view text,
                                             std::uint64_t message_id_hash);

/// Which mails a list shows.
enum class MailClass : std::uint8_t {
    All,
    Tagged,  ///< verdict other than pass, held, or a finding in a document
    Held,    ///< held, or would have been: verdict quarantine or reject
};

struct MailFilter {
    MailClass mails = MailClass::Tagged;
    std::optional<Time> since;  ///< not older than
    std::size_t limit = 50;
    std::optional<Direction> direction;
};

/// Mails that pass the filter, newest first, within a second by their place in the journal. O(mails
/// of the class visited); no full scan.
[[nodiscard]] Result<std::vector<MailEntry>> list_mail(const StoreReader& reader,
                                                       const MailFilter& filter);

}  // namespace kith
