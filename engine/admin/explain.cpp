// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/explain_test.cpp.
#include "engine/admin/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "engine/admin/mail_lookup.hpp"
#include "engine/base/text.hpp"
#include "engine/scoring/score.hpp"

namespace kith::admin {
namespace {

std::string thousands(std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
    return digits;
}

std::string mail_sentence(const MailEntry& entry, const MailRecord& record) {
    // The envelope sender as well where it differs: it is what the MTA's log shows.
    std::string out =
        "Mail " + cell(entry.id) + " of " + iso8601(entry.time) + ", from " + cell(record.from);
    if (!ascii_iequals(record.mail_from, record.from))
        out += " (envelope " + (record.mail_from.empty() ? "<>" : cell(record.mail_from)) + ")";
    if (!record.rcpts.empty()) out += " to " + cell(record.rcpts.front());
    if (record.rcpts.size() > 1) out += " and " + std::to_string(record.rcpts.size() - 1) + " more";
    return out + ".";
}

std::string verdict_sentence(const MailEntry& entry, const MailRecord& record) {
    const Assessment& a = record.assessment;
    std::string out = entry.judged_late
                          ? "Without a verdict on arrival "
                          : "The verdict is " + std::string(to_string(a.verdict)) + "; ";
    if (record.imported) {
        out += "nothing was done with it.";
    } else {
        switch (entry.action) {
            case Action::Held:
                out += "the mail was held.";
                break;
            case Action::Deferred:
                out += "the mail was answered with a temporary failure.";
                break;
            case Action::Rejected:
                out += "the mail was rejected.";
                break;
            case Action::Accepted:
                out += "the mail was accepted";
                if (a.verdict != Verdict::Pass && a.verdict != Verdict::Tag &&
                    record.mode != "enforce")
                    out +=
                        " because the mode is " + cell(record.mode) + " (only enforce holds mail)";
                out += ".";
                break;
        }
    }
    const bool held = !record.imported && entry.action == Action::Held;
    if (entry.state == MailState::Released)
        out += (held ? " It was released on " : " It was recorded as good on ") +
               iso8601(entry.state_time) + ".";
    if (entry.state == MailState::Confirmed)
        out += (entry.is_on_hold() ? " It was confirmed to be rightly held on "
                                   : " It was recorded as bad on ") +
               iso8601(entry.state_time) + ".";
    if (entry.state == MailState::Confirmed && entry.hold == HoldMark::Freed)
        out += " It had been released by then: its recipients have it.";
    if (entry.state == MailState::Dropped)
        out += " It was deleted on " + iso8601(entry.state_time) + ".";
    if (entry.hold == HoldMark::Left && entry.state != MailState::Dropped &&
        entry.state != MailState::Released)
        out +=
            " It left the hold queue without kith: somebody let it go or deleted it by hand "
            "(postsuper -H or -d).";
    if (entry.hold == HoldMark::Missing)
        out += " The queue did not have it on hold, though: it may have been delivered.";
    if (entry.reports > 0) out += " It was reported by a recipient.";
    if (!a.ready && !entry.judged_late)
        out +=
            " kith has not seen enough mail of this kind yet to hold any; until then it tags at "
            "most.";
    std::string experimental;
    for (const ModelHit& m : a.models)
        if (!m.live) experimental += (experimental.empty() ? "" : ", ") + cell(m.name);
    if (!experimental.empty()) out += " Experimental models that fit: " + experimental + ".";
    if (a.delayed) out += " It had been delayed once; this is the verdict at the retry.";
    return out;
}

/// By which model, kith's own that spend the budget too: what it is now, as the record has its name
/// alone.
void tell_decision(Explanation& out, const Assessment& a, const ModelSet& models, Time now) {
    if (a.decided_by.empty()) return;
    const Model* m = models.find(a.decided_by);
    if (m == nullptr) {
        out.decision =
            "It was decided by the model " + cell(a.decided_by) + ", which is not there any more";
        for (const Reason& r : a.reasons)
            if (r.feature == kModelReason) out.decision += " (" + cell(r.text, 500) + ")";
        out.decision += '.';
        return;
    }
    out.model = model_json(*m, now);
    out.decision = std::string("It was decided by ") +
                   (m->is_shipped() ? "kith's own" : "the site's") + " model " + cell(m->name);
    if (!m->description.empty()) out.decision += ": " + cell(m->description, 500);
    out.decision +=
        fmt::format(". Its action is {}, its priority {}", action_text(*m), m->priority);
    if (!m->is_shipped()) out.decision += ", its file " + cell(m->file);
    if (!m->overridden_by.empty()) out.decision += ", changed by " + cell(m->overridden_by);
    if (const std::string state = state_of(*m, now); state != "live")
        out.decision += ", and it is " + state + " now";
    else if (m->action != a.verdict)
        out.decision += ", which was changed since";
    out.decision += '.';
}

void add_commands(Explanation& out, const MailEntry& entry, const std::string& kith) {
    if (entry.verdict == Verdict::Pass && entry.action != Action::Held &&
        entry.attached != AttachedMark::Finding)
        return;
    if (entry.state == MailState::Dropped) return;
    if (entry.state == MailState::Released) {
        out.commands.push_back({"if it was bad after all", kith + " confirm " + entry.id});
        return;
    }
    const std::string force = entry.state == MailState::Confirmed ? " --force" : "";
    if (entry.is_on_hold()) {
        out.commands.push_back({"deliver it", kith + " release " + entry.id + force});
        out.commands.push_back({"deliver it and learn that this is normal",
                                kith + " release " + entry.id + " --learn" + force});
        out.commands.push_back({"delete it", kith + " drop " + entry.id});
    } else {
        out.commands.push_back({"let kith learn that this is normal",
                                kith + " release " + entry.id + " --learn --no-mta" + force});
    }
    if (entry.state != MailState::Confirmed)
        out.commands.push_back({"record that it was bad", kith + " confirm " + entry.id});
}

}  // namespace

std::string one_in_text(double p) {
    if (!(p > 0) || !(p <= 1)) p = 1;
    if (p < kRarestTold) return "fewer than 1 in 100,000";
    const double n = 1 / p;
    // Two digits are all the calibration can tell.
    if (n < 10) return fmt::format("1 in {:.2g}", n);
    const double scale = std::pow(10.0, std::floor(std::log10(n)) - 1);
    return "1 in " +
           thousands(static_cast<std::uint64_t>(std::min(std::round(n / scale) * scale, 1e15)));
}

Explanation explain_mail(const MailEntry& entry, const MailRecord& record,
                         const ExplainOptions& options) {
    const Assessment& a = record.assessment;
    Explanation out;
    out.mail = mail_sentence(entry, record);
    if (entry.judged_late) {
        out.headline =
            record.imported
                ? "The mail was imported, so kith did not judge it on arrival."
                : "kith could not judge the mail on arrival: " + cell(a.degraded, 500) + ".";
        out.headline += fmt::format(" When learned it got the score {} of 100 and the verdict {}.",
                                    fixed1(entry.score), to_string(entry.verdict));
    } else if (!(a.p <= 0.5)) {
        out.headline =
            fmt::format("Score {} of 100: nothing unusual for this site.", fixed1(a.score));
    } else {
        out.headline = fmt::format(
            "Score {} of 100: {}{} of this site's genuine mails looks as suspicious.",
            fixed1(a.score), a.p > 0 && a.p < kRarestTold ? "" : "about ", one_in_text(a.p));
    }
    out.verdict = verdict_sentence(entry, record);
    tell_decision(out, a, options.models != nullptr ? *options.models : shipped_models(),
                  options.now);
    double total = 0;
    for (const Reason& r : a.reasons)
        if (std::isfinite(r.weight)) total += std::max(0.0, r.weight);
    for (const Reason& r : a.reasons) {
        if (r.feature == kModelReason) continue;  // in the sentence about the model
        const double nats = std::isfinite(r.weight) ? r.weight : 0;
        out.reasons.push_back(
            {r.feature, r.text, nats, total > 0 ? std::max(0.0, nats) / total : 0});
    }
    std::stable_sort(
        out.reasons.begin(), out.reasons.end(),
        [](const Explanation::Item& x, const Explanation::Item& y) { return x.nats > y.nats; });
    if (out.reasons.empty() && entry.judged_late)
        out.no_reasons =
            "No reasons are kept: they are written down when a mail is judged on arrival.";
    else if (out.reasons.empty())
        out.no_reasons =
            has_payload(record.assessment.stratum)
                ? "No reasons were written down: the score is too low for any."
                : "No reasons were written down: the mail brings no new link and no unusual "
                  "request, and such mail is hardly ever held, however unusual it is.";
    out.indicators = a.indicators;
    std::stable_sort(
        out.indicators.begin(), out.indicators.end(),
        [](const IndicatorScore& x, const IndicatorScore& y) { return x.score > y.score; });
    if (const auto& attached = options.attached; attached && !attached->documents.empty())
        out.documents = attached_text(*attached) + " (read on " + iso8601(attached->read) + ")";
    out.would_pass = a.would_pass;
    add_commands(out, entry, options.kith);
    return out;
}

Json to_json(const Explanation& e, const MailEntry& entry, const MailRecord& record) {
    Json j = entry_json(entry);
    j["mode"] = record.mode;
    j["p"] = record.assessment.p;
    j["stratum"] = to_string(record.assessment.stratum);
    j["headline"] = e.headline;
    j["explanation"] = e.verdict;
    j["decided_by"] = record.assessment.decided_by;
    j["decision"] = e.decision;
    j["model"] = e.model;
    j["reasons"] = Json::array();
    for (const Explanation::Item& r : e.reasons)
        j["reasons"].push_back({{"feature", r.feature},
                                {"nats", rounded(r.nats, 3)},
                                {"share", rounded(r.share, 3)},
                                {"text", r.text}});
    j["no_reasons"] = e.no_reasons;
    j["indicators"] = Json::array();
    for (const IndicatorScore& i : e.indicators)
        j["indicators"].push_back({{"name", i.name}, {"score", rounded(i.score, 1)}});
    j["documents"] = e.documents;
    j["would_pass"] = e.would_pass;
    j["commands"] = Json::array();
    for (const Explanation::Command& c : e.commands)
        j["commands"].push_back({{"purpose", c.purpose}, {"command", c.command}});
    return j;
}

void print(std::ostream& out, const Explanation& e) {
    out << e.mail << '\n' << e.headline << '\n' << e.verdict << '\n';
    if (!e.decision.empty()) out << e.decision << '\n';
    if (!e.reasons.empty()) {
        out << "\nReasons, strongest first, each with its share:\n";
        int rank = 0;
        for (const Explanation::Item& r : e.reasons)
            out << fmt::format("{:>3}. {:>3.0f} %  {}\n", ++rank, 100 * r.share, cell(r.text, 500));
    }
    if (!e.no_reasons.empty()) out << e.no_reasons << '\n';
    if (!e.indicators.empty()) {
        out << "\nIndicators, 0-100:\n";
        for (const IndicatorScore& i : e.indicators)
            out << fmt::format("{:>6}  {}\n", fixed1(i.score), cell(i.name));
    }
    if (!e.documents.empty()) out << "\nAttached: " << cell(e.documents, 500) << ".\n";
    if (!e.would_pass.empty())
        out << "\nWhat would have changed the verdict: " << cell(e.would_pass, 1000) << '\n';
    if (!e.commands.empty()) {
        out << "\nWhat you can do:\n";
        for (const Explanation::Command& c : e.commands)
            out << "  " << c.command << "    # " << c.purpose << '\n';
    }
}

}  // namespace kith::admin
