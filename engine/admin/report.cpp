// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/report_test.cpp.
#include "engine/admin/report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/assess/direction.hpp"
#include "engine/assess/mode.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

// Longer texts help nobody in a table.
constexpr std::size_t kMaxAddress = 320, kMaxSubject = 200, kMaxReason = 400, kMaxTag = 64;
constexpr std::size_t kMaxTags = 16;
// More filters than write fields that are read (engine/message/other_filters.hpp).
constexpr std::size_t kMaxFilters = 16;

std::size_t index_of(Direction d) noexcept { return static_cast<std::size_t>(d); }

bool would_be_held(Verdict v) noexcept { return v == Verdict::Quarantine || v == Verdict::Reject; }

/// As suspicious as what is held, whether or not enough is known to hold any.
bool beyond_budget(const Assessment& a, const ScoringOptions& budget) noexcept {
    return 1000 * std::pow(10, -a.score / 20) <= budget.holds_per_1000;
}

/// Counts under `name`; what is new when the table is full is not counted.
Ranked* counted(std::unordered_map<std::string, Ranked>& table, const std::string& name) {
    const auto found = table.find(name);
    if (found != table.end()) return &found->second;
    if (table.size() >= kMaxCounted) return nullptr;
    Ranked& fresh = table[name];
    fresh.name = name;
    return &fresh;
}

std::vector<Ranked> most_frequent(std::unordered_map<std::string, Ranked>& table) {
    std::vector<Ranked> out;
    for (auto& [name, ranked] : table) out.push_back(std::move(ranked));
    const auto more = [](const Ranked& a, const Ranked& b) {
        return std::tie(b.holds, b.tagged, a.name) < std::tie(a.holds, a.tagged, b.name);
    };
    const std::size_t n = std::min(out.size(), kMaxRanked);
    std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n), out.end(), more);
    out.resize(n);
    return out;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) noexcept {
    judged += other.judged;
    passed += other.passed;
    tagged += other.tagged;
    held += other.held;
    would_hold += other.would_hold;
    not_ready += other.not_ready;
    suspicious += other.suspicious;
    delayed += other.delayed;
    neutral += other.neutral;
    released += other.released;
    confirmed += other.confirmed;
    return *this;
}

std::string_view to_string(Fate f) noexcept {
    switch (f) {
        case Fate::Held:
            return "held";
        case Fate::WouldHold:
            return "would hold";
        case Fate::NotReady:
            return "not ready";
    }
    return "held";
}

Tally Report::total() const noexcept {
    Tally sum;
    for (const Tally& tally : directions) sum += tally;
    return sum;
}

double Report::span_days() const noexcept {
    return std::max(1.0,
                    days_between(first ? std::max(*first, scope.since) : scope.since, scope.until));
}

bool Report::is_ready(Direction d) const noexcept {
    const auto& known = readiness[index_of(d)];
    return known && known->mails >= mails_needed(budget);
}

ReportBuilder::ReportBuilder(const Config& config, ReportScope scope, LearnedVerdict learned)
    : learned_(std::move(learned)) {
    report_.scope = std::move(scope);
    report_.mode = modes_text(config);
    report_.budget = config.budget;
}

bool ReportBuilder::concerns(const MailRecord& r) const {
    const ReportScope& scope = report_.scope;
    if (r.time < scope.since || r.time >= scope.until) return false;
    const Direction direction = r.observations.direction;
    if (scope.direction && direction != *scope.direction) return false;
    if (scope.domain.empty()) return true;
    const auto is_there = [&](const std::string& address) {
        return is_domain_or_below(lower_domain(address), scope.domain);
    };
    return direction == Direction::Inbound ? std::any_of(r.rcpts.begin(), r.rcpts.end(), is_there)
                                           : is_there(r.mail_from);
}

void ReportBuilder::add(const MailRecord& r) {
    if (r.own || !concerns(r)) return;
    if (r.imported) {
        ++report_.imported.judged;
        const std::optional<Verdict> verdict = learned_(r.id);
        if (verdict && would_be_held(*verdict))
            ++report_.imported.would_hold;
        else if (verdict == Verdict::Tag)
            ++report_.imported.tagged;
        else
            ++report_.imported.passed;
        return;
    }
    report_.first = report_.first ? std::min(*report_.first, r.time) : r.time;
    report_.last = report_.last ? std::max(*report_.last, r.time) : r.time;
    const std::size_t direction = index_of(r.observations.direction);
    Tally one;
    if (r.assessment.verdict == Verdict::Defer && r.action == Action::Deferred) {
        one.delayed = 1;
    } else if (!r.assessment.degraded.empty()) {
        one.neutral = 1;
        report_.neutral_why = scrub_utf8(r.assessment.degraded, kMaxReason);
    } else {
        judged(r, one);
    }
    report_.directions[direction] += one;
    report_.days[day_number(r.time)][direction] += one;
}

void ReportBuilder::judged(const MailRecord& r, Tally& one) {
    const Assessment& a = r.assessment;
    one.judged = 1;
    one.not_ready = a.ready ? 0 : 1;
    std::optional<Fate> fate;
    if (r.action == Action::Held || r.action == Action::Rejected) {
        one.held = 1;
        fate = Fate::Held;
    } else if (would_be_held(a.verdict)) {
        one.would_hold = 1;
        fate = Fate::WouldHold;
    } else if (a.verdict == Verdict::Tag) {
        one.tagged = 1;
        if (!a.ready && beyond_budget(a, report_.budget)) {
            one.suspicious = 1;
            fate = Fate::NotReady;
        }
    } else {
        one.passed = 1;
    }
    const bool holds = one.holds() > 0;
    compare(r, holds);
    if (one.passed == 0) rank(r, holds);
    if (holds && followed_.size() < kMaxFollowed)
        followed_[r.id] = {day_number(r.time), r.observations.direction, MailState::None};
    if (fate) list(r, *fate);
}

void ReportBuilder::list(const MailRecord& r, Fate fate) {
    if (report_.mails.size() >= kMaxReportMails) {
        report_.mails.pop_front();
        ++report_.left_out;
    }
    ReportMail& mail = report_.mails.emplace_back();
    mail.id = scrub_utf8(r.id, kMaxTag);
    mail.queue_id = scrub_utf8(r.queue_id, kMaxTag);
    mail.time = r.time;
    mail.direction = r.observations.direction;
    mail.fate = fate;
    mail.score = r.assessment.score;
    mail.from = scrub_utf8(r.from.empty() ? r.mail_from : r.from, kMaxAddress);
    mail.subject = scrub_utf8(r.subject, kMaxSubject);
    if (!r.rcpts.empty()) mail.rcpt = scrub_utf8(r.rcpts.front(), kMaxAddress);
    mail.rcpt_count = r.rcpts.size();
    for (const Reason& reason : r.assessment.reasons) {
        if (mail.reasons.size() == kMaxReportReasons) break;
        mail.reasons.push_back(scrub_utf8(reason.text, kMaxReason));
    }
    for (const std::string& tag : r.assessment.tags) {
        if (mail.tags.size() == kMaxTags) break;
        mail.tags.push_back(scrub_utf8(tag, kMaxTag));
    }
    for (const OtherFilter& said : r.other_filters)
        mail.other_filters.push_back(
            {scrub_utf8(said.filter, kMaxTag), said.spam, said.score, said.required});
}

void ReportBuilder::compare(const MailRecord& r, bool holds) {
    auto& all = report_.other_filters;
    for (const OtherFilter& said : r.other_filters) {
        const std::string name = scrub_utf8(said.filter, kMaxTag);
        if (all.count(name) == 0 && all.size() >= kMaxFilters) continue;
        Agreement& with = all[name];
        ++(holds       ? said.spam ? with.both : with.only_kith
           : said.spam ? with.only_other
                       : with.neither);
    }
}

void ReportBuilder::rank(const MailRecord& r, bool holds) {
    const auto count = [&](Ranked* ranked) {
        if (ranked != nullptr) ++(holds ? ranked->holds : ranked->tagged);
        return ranked;
    };
    const std::string from = scrub_utf8(r.from.empty() ? r.mail_from : r.from, kMaxAddress);
    (void)count(counted(senders_, from));
    if (r.assessment.reasons.empty()) return;
    const Reason& first = r.assessment.reasons.front();
    if (Ranked* ranked = count(counted(reasons_, scrub_utf8(first.feature, kMaxTag))))
        ranked->example = scrub_utf8(first.text, kMaxReason);
}

void ReportBuilder::add(RecordType type, const AdminRecord& r) {
    const auto found = followed_.find(r.id);
    if (found == followed_.end()) return;
    Followed& mail = found->second;
    const auto move = [&](MailState state, std::uint64_t by) {
        if (state == MailState::None) return;
        const auto field = state == MailState::Released ? &Tally::released : &Tally::confirmed;
        report_.directions[index_of(mail.direction)].*field += by;
        report_.days[mail.day][index_of(mail.direction)].*field += by;
    };
    move(mail.state, ~std::uint64_t{0});  // the last word counts: takes the one before back
    mail.state = type == RecordType::Release ? MailState::Released : MailState::Confirmed;
    move(mail.state, 1);
}

Report ReportBuilder::finish() && {
    for (ReportMail& mail : report_.mails)
        if (const auto found = followed_.find(mail.id); found != followed_.end())
            mail.state = found->second.state;
    report_.senders = most_frequent(senders_);
    report_.reasons = most_frequent(reasons_);
    return std::move(report_);
}

namespace {

/// Time of the first record at or behind the beginning of the segment; nullopt when there is none.
Result<std::optional<Time>> time_of(JournalReader& journal, std::uint64_t segment) {
    if (Status s = journal.seek({segment, 0}); !s) return fail(std::move(s).error());
    Result<std::optional<JournalRecord>> record = journal.next();
    if (!record) return fail(std::move(record).error());
    return *record ? std::optional((*record)->time) : std::nullopt;
}

/// Goes to a segment that begins before `since`: what stands before it is older. Segments are
/// halved, for each that is looked at may have to be decompressed.
Status seek_time(JournalReader& journal, Time since) {
    const Result<JournalPosition> end = journal.end();
    if (!end) return fail(end.error());
    if (Status s = journal.seek({}); !s) return s;
    Result<std::optional<JournalRecord>> oldest = journal.next();
    if (!oldest) return fail(std::move(oldest).error());
    if (!*oldest) return journal.seek({});
    std::uint64_t low = (*oldest)->position.segment, high = std::max(low, end->segment);
    while (low < high) {
        const std::uint64_t middle = low + (high - low + 1) / 2;
        const Result<std::optional<Time>> begins = time_of(journal, middle);
        if (!begins) return fail(begins.error());
        if (*begins && **begins < since)
            low = middle;
        else
            high = middle - 1;
    }
    return journal.seek({low, 0});
}

Status read_journal(JournalReader& journal, Time since, ReportBuilder& builder) {
    return for_each_record(journal, [&](const JournalRecord& r) {
        // Mail arrives before it is written down.
        if (r.time < since) return ok();
        if (r.type == RecordType::Mail) {
            if (const Result<MailRecord> mail = decode_mail_record(r.payload)) builder.add(*mail);
        } else if (r.type == RecordType::Release || r.type == RecordType::Confirm) {
            if (const Result<AdminRecord> said = decode_admin_record(r.payload))
                builder.add(r.type, *said);
        }
        return ok();
    });
}

}  // namespace

Result<Report> make_report(const Config& config, const StoreReader& reader,
                           const ReportScope& scope) {
    std::optional<Error> trouble;
    ReportBuilder builder(config, scope, [&](const std::string& id) -> std::optional<Verdict> {
        Result<std::optional<MailEntry>> entry = find_mail(reader, id);
        if (!entry) {
            trouble = std::move(entry).error();
            return std::nullopt;
        }
        return *entry ? std::optional((*entry)->verdict) : std::nullopt;
    });
    Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(config.journal);
    if (!journal) return fail(std::move(journal).error());
    if (Status s = seek_time(**journal, scope.since); !s) return fail(std::move(s).error());
    if (Status s = read_journal(**journal, scope.since, builder); !s)
        return fail(std::move(s).error());
    if (trouble) return fail(std::move(*trouble));
    Report report = std::move(builder).finish();
    report.damaged_bytes = (*journal)->damaged_bytes();
    const auto snapshot = load_snapshot(reader, 0);
    if (!snapshot) return fail(snapshot.error());
    for (const Direction d : {Direction::Inbound, Direction::Outbound, Direction::Internal}) {
        DirectionReadiness& known = report.readiness[index_of(d)].emplace();
        known.mails = (*snapshot)->scales.calibration_mails(d);
        for (std::size_t s = 0; s < kStratumCount; ++s)
            known.strata[s] = (*snapshot)->scales.calibration_mails(d, static_cast<Stratum>(s));
    }
    return report;
}

}  // namespace kith::admin
