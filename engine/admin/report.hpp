// SPDX-License-Identifier: Apache-2.0
// What `kith report` counts: the journal of some days, read once and in order, as figures that can
// be printed. Memory is bounded whatever the journal holds: counts by day, the newest of the mails
// worth a look, the most frequent senders and reasons. Pure but for reading the journal. Covered by
// tests/unit/admin/report_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/assess/store_memory.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {

/// Which mail is reported. Times are those of its arrival.
struct ReportScope {
    Time since{}, until{};  ///< not before, and before
    std::optional<Direction> direction;
    std::string domain;  ///< own, lower case, with all below it; "" = each
};

/// Counts of some mail. Each judged mail is one of passed, tagged, held and would_hold.
struct Tally {
    std::uint64_t judged = 0;
    std::uint64_t passed = 0;
    std::uint64_t tagged = 0;
    std::uint64_t held = 0;        ///< held, or refused
    std::uint64_t would_hold = 0;  ///< in mode enforce, or if the MTA could hold mail
    std::uint64_t not_ready = 0;   ///< of the judged: too little was known to hold any
    std::uint64_t suspicious = 0;  ///< of those: enough to be held once there is
    std::uint64_t delayed = 0;     ///< answered 451 for a second look; the retry is counted again
    std::uint64_t neutral = 0;     ///< not judged in time, or without the store
    std::uint64_t released = 0;    ///< of held and would_hold: an admin called it good
    std::uint64_t confirmed = 0;   ///< of held and would_hold: an admin called it bad

    /// Mails that are on hold in mode enforce.
    [[nodiscard]] std::uint64_t holds() const noexcept { return held + would_hold; }
    /// Of holds(): nobody has said what it was.
    [[nodiscard]] std::uint64_t unsaid() const noexcept { return holds() - released - confirmed; }
    Tally& operator+=(const Tally& other) noexcept;
};
using DirectionTallies = std::array<Tally, kDirectionCount>;

/// What became of a mail that is worth a look.
enum class Fate : std::uint8_t {
    Held,
    WouldHold,
    NotReady,  ///< only tagged, because too little is known to hold any
};
[[nodiscard]] std::string_view to_string(Fate f) noexcept;  ///< held, would hold, not ready

/// A mail worth a look. Texts are valid UTF-8 of bounded length, and hostile.
struct ReportMail {
    std::string id, queue_id;
    Time time{};
    Direction direction = Direction::Inbound;
    Fate fate = Fate::WouldHold;
    MailState state = MailState::None;
    double score = 0;
    std::string from, subject;  ///< "" subject: not kept
    std::string rcpt;           ///< the first
    std::size_t rcpt_count = 0;
    std::vector<std::string> reasons;  ///< strongest first, at most kMaxReportReasons
    std::vector<std::string> tags;
    std::vector<OtherFilter> other_filters;
};

/// kith beside another filter, of the mails that filter said something about.
struct Agreement {
    std::uint64_t both = 0;        ///< kith holds it, the other called it spam
    std::uint64_t only_kith = 0;   ///< kith holds it, the other passed it
    std::uint64_t only_other = 0;  ///< the other called it spam, kith does not hold it
    std::uint64_t neither = 0;
    [[nodiscard]] std::uint64_t mails() const noexcept {
        return both + only_kith + only_other + neither;
    }
};

/// How often something was there in mail that did not pass.
struct Ranked {
    std::string name;     ///< a sender, or a feature
    std::string example;  ///< a feature's words in the newest of the mails
    std::uint64_t holds = 0, tagged = 0;
};

/// What a direction still needs before any of its mail is held.
struct DirectionReadiness {
    std::size_t mails = 0;
    std::array<std::size_t, kStratumCount> strata{};
};

struct Report {
    ReportScope scope;
    std::string mode;  ///< modes_text()
    ScoringOptions budget;
    std::optional<Time> first, last;  ///< of the mail counted
    DirectionTallies directions{};
    std::map<std::int32_t, DirectionTallies> days;  ///< by day_number(); days with mail only
    std::deque<ReportMail> mails;                   ///< oldest first, the newest kMaxReportMails
    std::uint64_t left_out = 0;                     ///< older ones that are not in `mails`
    std::map<std::string, Agreement> other_filters;
    std::vector<Ranked> senders, reasons;  ///< most frequent first, at most kMaxRanked
    std::string neutral_why;               ///< why the last neutral mail was not judged
    Tally imported;  ///< mail of the past: judged when it was learned, would_hold and tagged only
    std::array<std::optional<DirectionReadiness>, kDirectionCount> readiness;
    std::uint64_t damaged_bytes = 0;

    [[nodiscard]] Tally total() const noexcept;
    /// Days the figures speak of: from the first mail in the span on, at least 1.
    [[nodiscard]] double span_days() const noexcept;
    [[nodiscard]] bool is_ready(Direction d) const noexcept;
};

inline constexpr std::size_t kMaxReportMails = 1000, kMaxReportReasons = 3, kMaxRanked = 10;
/// Mails whose release or confirmation is looked for; senders and features that are counted.
inline constexpr std::size_t kMaxFollowed = 200'000, kMaxCounted = 20'000;

/// Counts record by record, in the order of the journal. One thread.
class ReportBuilder {
public:
    /// The verdict that an imported mail got when it was learned; nullopt when it is not known.
    using LearnedVerdict = std::function<std::optional<Verdict>(const std::string& id)>;
    ReportBuilder(const Config& config, ReportScope scope, LearnedVerdict learned);

    void add(const MailRecord& record);
    /// A Release or Confirm record.
    void add(RecordType type, const AdminRecord& record);
    [[nodiscard]] Report finish() &&;

private:
    struct Followed {
        std::int32_t day = 0;
        Direction direction = Direction::Inbound;
        MailState state = MailState::None;
    };
    [[nodiscard]] bool concerns(const MailRecord& record) const;
    void judged(const MailRecord& record, Tally& day);
    void list(const MailRecord& record, Fate fate);
    void compare(const MailRecord& record, bool holds);
    void rank(const MailRecord& record, bool holds);

    Report report_;
    LearnedVerdict learned_;
    std::unordered_map<std::string, Followed> followed_;  ///< by id
    std::unordered_map<std::string, Ranked> senders_, reasons_;
};

/// Reads the journal from the first segment that may hold mail of the scope on.
[[nodiscard]] Result<Report> make_report(const Config& config, const StoreReader& reader,
                                         const ReportScope& scope);

}  // namespace kith::admin
