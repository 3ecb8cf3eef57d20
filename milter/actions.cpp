// SPDX-License-Identifier: Apache-2.0
#include "milter/actions.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/text.hpp"

namespace kith::milter {
namespace {

/// RFC 5321, 4.5.3.1.5: a line of an answer has at most 512 bytes, code and line end included.
constexpr std::size_t kMaxReplyText = 450;
constexpr std::size_t kFoldColumn = 78;  // RFC 5322 2.1.1: lines should be no longer
constexpr std::size_t kLongestName = sizeof("X-Kith-Verdict: ") - 1;
constexpr std::array<std::string_view, 5> kOurNames = {"x-kith-score", "x-kith-verdict",
                                                       "x-kith-tags", "x-kith-reason", "x-kith-id"};

/// Printable ASCII with runs of white space as one blank, at most `max_bytes`, no blank at either
/// end.
std::string printable(std::string_view text, std::size_t max_bytes) {
    std::string out;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (blank && (out.empty() || out.back() == ' ')) continue;
        if (out.size() == max_bytes) break;
        out += blank ? ' ' : (c > 0x20 && c < 0x7f) ? c : '?';
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::string joined(const std::vector<std::string>& items) {
    std::string out;
    for (const auto& item : items) {
        if (!out.empty()) out += ", ";
        out += item;
    }
    return out;
}

std::string why(const MailRecord& record) {
    if (!record.assessment.reasons.empty()) return record.assessment.reasons.front().text;
    return record.assessment.degraded.empty() ? "" : "not judged: " + record.assessment.degraded;
}

void add_headers(Plan& plan, const MailRecord& record) {
    const auto add = [&](const char* name, const std::string& text) {
        std::string value = header_value(text);
        if (!value.empty()) plan.insertions.push_back({name, std::move(value)});
    };
    const double score = record.assessment.score;
    add("X-Kith-Score",
        std::to_string(std::isfinite(score) ? std::lround(std::clamp(score, 0.0, 100.0)) : 0));
    add("X-Kith-Verdict", std::string(to_string(record.assessment.verdict)));
    add("X-Kith-Tags", joined(record.assessment.tags));
    add("X-Kith-Reason", why(record));
    add("X-Kith-Id", record.id);
}

void tempfail(Plan& plan, std::string status, std::string text) {
    plan.reply = Reply::Tempfail;
    plan.reply_code = "451";
    plan.reply_status = std::move(status);
    plan.reply_text = std::move(text);
    plan.action = Action::Deferred;
}

std::string quarantine_reason(const MailRecord& record) {
    const std::string because = why(record);
    return reply_text("kith " + record.id + " score " +
                          std::to_string(std::lround(record.assessment.score)) +
                          (because.empty() ? "" : ": " + because),
                      kMaxQuarantineReason);
}

}  // namespace

void OwnHeaders::saw(std::string_view name) {
    const std::string lower = ascii_lower(trim(name));
    if (lower.compare(0, kHeaderPrefix.size(), kHeaderPrefix) != 0) return;
    const auto found = count_.find(lower);
    if (found != count_.end()) {
        ++found->second;
        return;
    }
    const bool ours = std::find(kOurNames.begin(), kOurNames.end(), lower) != kOurNames.end();
    if (ours || count_.size() < kMaxOtherNames + kOurNames.size()) count_.emplace(lower, 1);
}

std::vector<HeaderRemoval> OwnHeaders::removals() const {
    std::vector<HeaderRemoval> out;
    for (const auto& [name, count] : count_)
        for (int index = count; index >= 1; --index) out.push_back({name, index});
    return out;
}

std::string header_value(std::string_view text) {
    const std::string flat = printable(text, kMaxHeaderValue);
    std::string out;
    std::size_t column = kLongestName;
    std::size_t begin = 0;
    while (begin < flat.size()) {
        const std::size_t end = std::min(flat.find(' ', begin), flat.size());
        const std::size_t word = end - begin;
        if (!out.empty()) {
            const bool fold = column + 1 + word > kFoldColumn;
            out += fold ? "\n " : " ";
            column = fold ? 1 : column + 1;
        }
        out.append(flat, begin, word);
        column += word;
        begin = end + 1;
    }
    return out;
}

std::string reply_text(std::string_view text, std::size_t max_bytes) {
    return printable(text, max_bytes);
}

Plan plan_for(const MailRecord& record, Mode mode, const MilterOptions& options,
              const Negotiated& negotiated, const OwnHeaders& brought_along) {
    Plan plan;
    const std::string id = reply_text(record.id, 32);
    if (mode == Mode::Enforce) {
        switch (record.assessment.verdict) {
            case Verdict::Pass:
            case Verdict::Tag:
                break;
            case Verdict::Quarantine:
                if (negotiated.quarantine) {
                    plan.quarantine_reason = quarantine_reason(record);
                    plan.action = Action::Held;
                } else {
                    plan.shortfall = "the MTA does not offer quarantine";
                }
                break;
            case Verdict::Defer:
                tempfail(
                    plan, "4.7.1",
                    "Message delayed for a second look, please try again later (kith " + id + ")");
                break;
            case Verdict::Reject:
                plan.reply = Reply::Reject;
                plan.reply_code = "550";
                plan.reply_status = "5.7.1";
                plan.reply_text = "Message refused by the recipient's site (kith " + id + ")";
                plan.action = Action::Rejected;
                break;
        }
    }
    if (plan.reply != Reply::Accept)
        return plan;  // nothing of the message goes on, so nothing in it is changed
    if (negotiated.change_headers) plan.removals = brought_along.removals();
    // Passive is a promise: the mail is as it was, but for what pretended to be ours.
    if (options.add_headers && mode != Mode::Passive && negotiated.insert_headers &&
        record.observations.direction != Direction::Outbound)
        add_headers(plan, record);
    return plan;
}

Plan plan_for_locked(const MailRecord* record, const AccountLock& lock,
                     const AccountOptions& options, const Negotiated& negotiated,
                     const OwnHeaders& brought_along) {
    Plan plan;
    const std::string id = record == nullptr ? std::string() : reply_text(record->id, 32);
    const bool holds = options.outbound == "hold" && negotiated.quarantine;
    if (holds) {
        plan.quarantine_reason = reply_text(
            "kith " + id + (id.empty() ? "" : " ") + lock_text(lock), kMaxQuarantineReason);
        plan.action = Action::Held;
        if (negotiated.change_headers) plan.removals = brought_along.removals();
        return plan;
    }
    // Without a quarantine refusing is what keeps the mail from going out.
    plan.reply = Reply::Reject;
    plan.reply_code = "550";
    plan.reply_status = "5.7.1";
    plan.reply_text = reply_text(
        "Not sent: " + lock_text(lock) + (id.empty() ? "" : " (kith " + id + ")"), kMaxReplyText);
    plan.action = Action::Rejected;
    return plan;
}

Plan stricter(Plan a, Plan b) {
    // A hold outweighs a delay: the mail would only come back to be held.
    const auto severity = [](const Plan& plan) {
        switch (plan.action) {
            case Action::Accepted:
                return 0;
            case Action::Deferred:
                return 1;
            case Action::Held:
                return 2;
            case Action::Rejected:
                return 3;
        }
        return 0;
    };
    Plan out = severity(b) > severity(a) ? std::move(b) : std::move(a);
    out.insertions.clear();
    return out;
}

Plan plan_without_verdict(const MilterOptions& options, const Negotiated& negotiated,
                          const OwnHeaders& brought_along) {
    Plan plan;
    if (options.on_failure == OnFailure::Tempfail) {
        tempfail(plan, "4.3.0",
                 "Mail filter cannot judge this message now, please try again later");
        return plan;
    }
    // A sender who can make judging fail must not get a header of ours through by it.
    if (negotiated.change_headers) plan.removals = brought_along.removals();
    return plan;
}

}  // namespace kith::milter
