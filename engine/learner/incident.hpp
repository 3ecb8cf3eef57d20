// SPDX-License-Identifier: Apache-2.0
// Incidents: when a mail of a sender is held for what it wants, the sender's other mails that want
// something belong to it: those of two hours before, which others may have got already, and those
// that follow. Two mails of one campaign that were nearly held open one, too, that is told and does
// nothing else. One incident a sender at a time. The learner opens and extends them; `kith
// incident` shows them. Bytes: engine/learner/FORMAT.md. Covered by
// tests/unit/learner/incident_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/scoring/options.hpp"
#include "engine/store/store.hpp"

namespace kith {

class LearnedMemory;

/// Mail within this time of a held one belongs to its incident; the same window as the evidence
/// over messages.
inline constexpr Seconds kIncidentWindow{2 * 3600};
/// An incident is over this long after its last held mail.
inline constexpr Seconds kIncidentKept{30LL * 86400};

struct Incident {
    struct Mail {
        std::string id;  ///< kith's; all else is in the mail index and the journal
        Time time{};
        double evidence = 0;  ///< C of the mail alone
    };
    std::string id;    ///< of the mail that opened it
    std::string from;  ///< its From address
    Time opened{}, last_held{};
    Time closed{};               ///< when an admin closed it; epoch = never
    std::vector<Mail> mails;     ///< by time, at most kMaxMails: the first ones
    std::uint32_t left_out = 0;  ///< further mails
    bool near_only = false;      ///< none was held: nothing of the sender waits for it

    static constexpr std::size_t kMaxMails = 64;
    /// Neither closed nor over.
    [[nodiscard]] bool is_open(Time now) const noexcept {
        return closed == Time{} && now <= last_held + kIncidentKept;
    }
};

/// Puts the mail into its sender's incident, opening one when the mail was held, or would have been
/// in another mode, for what it wants. To be called before the mail leaves its own trace.
void group(const MailRecord& record, double own_evidence, LearnedMemory& memory);

/// It was not held, but delayed for what it wants, or its score is within kNearScore of what is.
[[nodiscard]] bool is_near_held(Verdict verdict, Action action, double score,
                                const ScoringOptions& options) noexcept;
/// Some three times as many genuine mails reach it as are held.
inline constexpr double kNearScore = 10;
/// After group(): puts a nearly held mail into its sender's open incident, or opens one where
/// another of the same campaign (same page or same words) came within kIncidentWindow before. To be
/// called before the mail leaves its own trace.
void group_near(const MailRecord& record, double own_evidence, const ScoringOptions& options,
                LearnedMemory& memory);

[[nodiscard]] std::string encode(const Incident& incident);
/// nullopt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] std::optional<Incident> decode_incident(std::string_view bytes);
/// Key in table Messages.
[[nodiscard]] std::string incident_key(const Key16& sender);

/// All that are kept, newest first. Those that cannot be decoded are left out.
[[nodiscard]] Result<std::vector<Incident>> list_incidents(const StoreReader& reader);
/// The one whose id begins with `id`, or that the mail of this id belongs to. NoInput when there is
/// none; Usage when there are several.
[[nodiscard]] Result<Incident> find_incident(const StoreReader& reader, std::string_view id);
/// Removes those whose last held mail is older than `before`, at most `max`; returns how many.
[[nodiscard]] Result<std::size_t> expire_incidents(StoreWriter& writer, Time before,
                                                   std::size_t max);

}  // namespace kith
