// SPDX-License-Identifier: Apache-2.0
// From what an admin types to a mail: the index entry, and the whole record out of the journal.
// Shared by show, explain, release and confirm. Covered by tests/unit/admin/program_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/admin/output.hpp"
#include "engine/config/config.hpp"
#include "engine/learner/mail_index.hpp"

namespace CLI {
class App;
}

namespace kith::admin {

/// The mail named by kith's id, a queue id, a Message-ID (with or without <>) or the unique
/// beginning of an id. NoInput, Usage (several), or what reading the site's secret fails with when
/// a Message-ID is given.
[[nodiscard]] Result<MailEntry> look_up_mail(const Config& config, const StoreReader& reader,
                                             std::string_view text);

/// The entry with what an admin said since, which the learner has not taken over yet: it is a
/// second or two behind, or stopped. Reads the journal from the learner's checkpoint on.
[[nodiscard]] Result<MailEntry> with_newest_word(const Config& config, const StoreReader& reader,
                                                 MailEntry entry);

/// Of the newest mails' ids and queue ids the one most like `text`; "" when none is.
[[nodiscard]] std::string nearest_mail(const StoreReader& reader, std::string_view text);

/// The record the entry points to. NoInput when the journal no longer keeps it; Corrupt when it is
/// damaged or of another mail.
[[nodiscard]] Result<MailRecord> read_record(const Config& config, const MailEntry& entry);

/// Appends a Release or Confirm record about the mail; `who` is found from the calling user. Forced
/// to disk.
[[nodiscard]] Status append_admin_record(const Config& config, RecordType type, Time now,
                                         AdminRecord record);

/// --reason (and --why, as it was called first).
void add_reason_option(CLI::App& sub, std::string& why);

/// Login name of the person at the keyboard: sudo's caller, else the user of this process, else
/// "uid N".
[[nodiscard]] std::string calling_user();
/// Name of the user, else "uid N".
[[nodiscard]] std::string user_name(unsigned uid);

/// When a mail got the score and verdict that are shown of it.
enum class Judged : std::uint8_t {
    OnArrival,
    WhenLearned,  ///< it was imported, or could not be judged when it came
    NotYet,       ///< the same, and the learner has not come to it
};
[[nodiscard]] std::string_view to_string(Judged j) noexcept;  ///< on arrival, when learned, not yet

/// Score and verdict of a mail as every command shows them.
struct ShownVerdict {
    double score = 0;
    Verdict verdict = Verdict::Pass;
    Judged judged = Judged::OnArrival;
};
[[nodiscard]] ShownVerdict shown_verdict(const MailEntry& entry) noexcept;
/// The record of a mail that was not judged on arrival has neither: its index entry tells.
[[nodiscard]] ShownVerdict shown_verdict(const MailRecord& record,
                                         const std::optional<MailEntry>& entry);
/// The same; the index is asked only where it is needed.
[[nodiscard]] ShownVerdict shown_verdict(const StoreReader& reader, const MailRecord& record);
/// What the index has of a recorded mail; nullopt also when it cannot be asked.
[[nodiscard]] std::optional<MailEntry> indexed_mail(const StoreReader& reader,
                                                    const MailRecord& record);
[[nodiscard]] std::string score_text(const ShownVerdict& v);  ///< "87.5"; "-" when not judged yet
/// "quarantine"; "quarantine, when learned" where it was not the verdict at the time of the action;
/// "not judged yet".
[[nodiscard]] std::string verdict_text(const ShownVerdict& v);
/// score, verdict (both null when not judged yet) and judged.
void add_verdict(Json& j, const ShownVerdict& v);
/// What a condition is to see of an imported mail: score, rate and verdict that it got when it was
/// learned, and those of an ordinary mail before that. Other mail stays as it was judged.
void take_learned_verdict(const StoreReader& reader, MailRecord& record);

/// The entry as every JSON output shows it (man/kith.1, "Mail object").
[[nodiscard]] Json entry_json(const MailEntry& entry);
/// What databases of addresses said of where a client is; empty when nothing.
[[nodiscard]] Json place_json(const GeoPlace& place);
/// The same with all that the record has (man/kith.1, "show").
[[nodiscard]] Json record_json(const MailEntry& entry, const MailRecord& record);
/// verdict_text() of what is shown of it, and what its documents named.
[[nodiscard]] std::string verdict_text(const MailEntry& entry);
/// "held (released)", "accepted, would have been held": what was done, what the verdict asked for
/// where the mode kept it from being done, and what an admin said since.
[[nodiscard]] std::string fate_text(const MailEntry& entry);

}  // namespace kith::admin
