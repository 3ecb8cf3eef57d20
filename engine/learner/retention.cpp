// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/retention.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/journal/mail_record.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/profile/keys.hpp"

namespace kith {
namespace {

constexpr std::string_view kRedactedKey = "redacted";  // persistent, engine/learner/FORMAT.md
constexpr std::size_t kMailsAtOnce = 10'000;

}  // namespace

Status Retention::find(const StoreReader& reader, JournalPosition checkpoint, Time now) {
    const auto noted = reader.get(Table::Meta, kRedactedKey);
    if (!noted) return fail(noted.error());
    const std::string bytes = noted->value_or("");
    if (bytes.size() == 16) {  // else all is looked through once more
        passed_.done_before = *decode_integer_key(std::string_view(bytes).substr(0, 8));
        held_.done_before = *decode_integer_key(std::string_view(bytes).substr(8));
    }
    passed_.done = passed_.done_before;
    held_.done = held_.done_before;
    const RetentionOptions& keep = config_.retention;
    passed_.span.older_than = now - keep.passed;
    held_.span.older_than = now - keep.held;
    if (keep.passed > Seconds(0))
        if (auto found = find(reader, checkpoint, now, Class::Passed, passed_); !found)
            return found;
    if (keep.held > Seconds(0)) return find(reader, checkpoint, now, Class::Other, held_);
    return ok();
}

Status Retention::find(const StoreReader& reader, JournalPosition checkpoint, Time now, Class which,
                       Due& due) const {
    std::optional<Error> error;
    std::optional<std::uint64_t> full_at;  // the rest of this file waits for the next time
    due.span.first_segment = due.done_before + 1;
    due.span.before = checkpoint;
    const auto looked = redact_journal(
        config_.journal, due.span, [&](const JournalRecord& r) -> std::optional<std::string> {
            alive_();
            if (r.type != RecordType::Mail || error || full_at) return std::nullopt;
            const auto mail = decode_mail_record(r.payload);
            if (!mail) return std::nullopt;
            // The index has what was said of a mail since it came. An entry that is gone was due:
            // the round that took it ended before it came to the record. That of imported mail may
            // have been too old for the index, though.
            const auto entry = find_mail(reader, mail->id);
            if (!entry) error = entry.error();
            const bool went =
                entry && !entry->has_value() && mail->time >= now - config_.journal.keep;
            const bool is_due =
                entry && (went || has_passed(entry->value_or(entry_of(*mail, r.position))) ==
                                      (which == Class::Passed));
            if (is_due && due.ids.size() == kMailsAtOnce)
                full_at = r.position.segment;
            else if (is_due)
                due.ids.insert(mail->id);
            return std::nullopt;
        });
    if (!looked) return fail(looked.error());
    if (error) return fail(*error);
    const std::uint64_t last = full_at.value_or(looked->looked_up_to);
    due.span.before =
        std::min(checkpoint, JournalPosition{last, std::numeric_limits<std::uint64_t>::max()});
    // Of the file in which the learner stands, what follows was not looked at.
    const std::uint64_t whole = full_at || last >= checkpoint.segment ? last - 1 : last;
    due.done = std::max(due.done_before, last == 0 ? 0 : whole);
    return ok();
}

Status Retention::erase_entries(StoreWriter& writer) const {
    for (const Due* due : {&passed_, &held_})
        for (const std::string& id : due->ids) {
            alive_();
            if (auto erased = erase_mail(writer, id); !erased) return erased;
        }
    return ok();
}

Status Retention::redact() const {
    if (auto done = redact(passed_); !done) return done;
    return redact(held_);
}

Status Retention::redact(const Due& due) const {
    if (due.ids.empty()) return ok();
    const auto redacted = redact_journal(config_.journal, due.span,
                                         [&](const JournalRecord& r) -> std::optional<std::string> {
                                             alive_();
                                             if (r.type != RecordType::Mail) return std::nullopt;
                                             const auto mail = decode_mail_record(r.payload);
                                             if (!mail || !due.ids.contains(mail->id))
                                                 return std::nullopt;
                                             return "";
                                         });
    return redacted ? ok() : Status(fail(redacted.error()));
}

bool Retention::has_moved() const noexcept {
    return passed_.done != passed_.done_before || held_.done != held_.done_before;
}

Status Retention::note(StoreWriter& writer) const {
    return writer.put(Table::Meta, kRedactedKey,
                      integer_key(passed_.done) + integer_key(held_.done));
}

}  // namespace kith
