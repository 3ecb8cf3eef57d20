// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "engine/features/asks.hpp"
#include "engine/features/spec.hpp"
#include "engine/scoring/causes.hpp"

namespace kith {
namespace {

constexpr double kTold = .05;       // nats: less is no reason
constexpr double kSpokesman = .33;  // of the strongest feature's share: enough to speak for it
constexpr std::size_t kMostCauses = 8, kMostRequests = 3;

/// Does the sender do this in one of five mails or more? Then it is no reason.
bool is_habit(const FeatureSurprise& d) noexcept {
    constexpr double kHabit = .2;
    return d.n > 0 && d.seen >= kHabit * d.n;
}

/// What each feature added to the raw score. A sum's part goes to its members, each by its
/// surprise: they are what somebody can look at.
std::array<double, kFeatureCount> contributions(const Evidence& e, Stratum s) {
    const Surprises& x = e.surprise.x;
    std::array<double, kFeatureCount> nats = raw_slope(s, e.site.experts, x);
    for (std::size_t f = 0; f < kFeatureCount; ++f) nats[f] *= static_cast<double>(x[f]);
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (feature_spec(f).kind != Kind::Sum || nats[f] <= 0) continue;
        for (std::size_t member = 0; member < kFeatureCount; ++member)
            if (feature_spec(f).sums(member))
                nats[member] += nats[f] * static_cast<double>(x[member] / e.surprise.detail[f].sum);
        nats[f] = 0;
    }
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (is_habit(e.surprise.detail[f])) nats[f] = 0;
    return nats;
}

struct Share {
    Cause cause;
    double nats;
};

/// The causes as they are in this mail: with a file unlike its sender's, the parts it is built of
/// are the file's doing and not another client's.
std::vector<Cause> causes_in(const Evidence& e) {
    std::vector<Cause> out = causes();
    const auto surprising = [&](FeatureId f) { return e.surprise.x[index_of(f)] > 0; };
    if (!e.observations.has_attachment ||
        !(surprising(FeatureId::attachment_types) || surprising(FeatureId::attachment_risk)))
        return out;
    Cause& file = out[cause_of(index_of(FeatureId::attachment_types))];
    for (const auto id :
         {FeatureId::mime_tree, FeatureId::content_params, FeatureId::boundary_shape}) {
        std::erase(out[cause_of(index_of(id))].features, index_of(id));
        file.features.push_back(index_of(id));
    }
    // Whatever is strongest among them, the file is what can be talked of.
    file.spokesmen = 2;
    return out;
}

std::vector<Share> ranked_causes(const std::array<double, kFeatureCount>& nats, const Evidence& e,
                                 Stratum s) {
    std::vector<Share> out;
    for (Cause& cause : causes_in(e)) {
        double sum = 0;
        for (const auto f : cause.features) sum += nats[f];
        if (sum > kTold) out.push_back({std::move(cause), sum});
    }
    const auto less = [](const Share& a, const Share& b) { return a.nats < b.nats; };
    // Without its marks of somebody known the mail would not be judged as an impostor's at all:
    // they weigh as much as anything else about it.
    const auto marks = std::find_if(out.begin(), out.end(), [](const Share& share) {
        return share.cause.features.front() == index_of(FeatureId::identity_marks);
    });
    if (s == Stratum::Identity && marks != out.end()) {
        marks->nats = std::max_element(out.begin(), out.end(), less)->nats;
        std::rotate(out.begin(), marks, marks + 1);
    }
    std::stable_sort(out.begin(), out.end(),
                     [&](const Share& a, const Share& b) { return less(b, a); });
    return out;
}

bool is_news(Novelty n) noexcept { return n != Novelty::None && n != Novelty::Sender; }

/// The feature whose words are taken: a link that the sender never used speaks for all about links;
/// else the first that may speak for the cause and has something to say, else the strongest.
std::size_t spokesman(const Cause& cause, const std::array<double, kFeatureCount>& nats,
                      const Evidence& e) {
    const std::size_t host = index_of(FeatureId::link_host);
    if (cause.features.front() == host && e.relations.new_link)
        return is_news(e.relations.host) ? host : index_of(FeatureId::link_tenant);
    const auto strongest =
        *std::max_element(cause.features.begin(), cause.features.end(),
                          [&](std::size_t a, std::size_t b) { return nats[a] < nats[b]; });
    for (std::size_t i = 0; i < cause.spokesmen; ++i)
        if (nats[cause.features[i]] >= kSpokesman * nats[strongest]) return cause.features[i];
    return strongest;
}

bool has_history(const Evidence& e) noexcept {
    return e.history.profile != nullptr && e.history.profile->ever >= .5F;
}

/// "214 mails over 296 days". REQUIRES has_history(e).
std::string past(const Evidence& e) {
    const Profile& p = *e.history.profile;
    const auto days =
        static_cast<long>(std::max(1.0, std::ceil(days_between(p.first, e.observations.time))));
    return fmt::format("{:.0f} mail{} over {} day{}", static_cast<double>(p.ever),
                       p.ever < 1.5F ? "" : "s", days, days == 1 ? "" : "s");
}

std::string_view first_time() noexcept { return " for the first time"; }

/// How the value compares with the sender's past, to follow the sentence.
std::string comparison(const Evidence& e, const FeatureSurprise& d, bool rank) {
    if (!has_history(e))
        return fmt::format(" (no mail of this sender before; compared with {})",
                           e.relations.domain_messages > 0 ? "its domain" : "all mail here");
    if (rank) return " (compared with " + past(e) + ")";
    if (d.new_to_sender) return " (never in " + past(e) + ")";
    if (d.n <= 0) return " (" + past(e) + " said nothing of the kind)";
    const double n = std::max(1.0, std::round(d.n)), seen = std::min(n, std::round(d.seen));
    if (seen < 1) return fmt::format(" (hardly ever in {:.0f} mail{})", n, n < 1.5 ? "" : "s");
    return fmt::format(" ({:.0f} of {:.0f} time{} before)", seen, n, n < 1.5 ? "" : "s");
}

/// The link that is newest to the sender: of a host never linked to, else of a page owner.
std::string newest_host(const Evidence& e, const Labels& labels) {
    const auto& links = e.observations.links;
    const auto known = [&](auto list, std::uint64_t item) {
        const auto& v = e.history.vocabulary;
        return v != nullptr && contains((*v).*list, fold32(item));
    };
    std::string best = "an unknown host";
    int best_rank = 0;
    for (std::size_t i = 0; i < links.size() && i < labels.link_hosts.size(); ++i) {
        if (links[i].own_domain) continue;
        const int rank = !known(&Vocabulary::hosts, links[i].host)       ? 3
                         : !known(&Vocabulary::tenants, links[i].tenant) ? 2
                                                                         : 1;
        if (rank > best_rank) best = labels.link_hosts[i];
        best_rank = std::max(best_rank, rank);
    }
    return best;
}

std::string elsewhere(Novelty n) {
    switch (n) {
        case Novelty::Domain:
            return "; colleagues of this sender did so before";
        case Novelty::Site5:
            return "; others did so before";
        case Novelty::Site1:
            return "; hardly anybody else ever did";
        case Novelty::Never:
            return "; nobody else ever did";
        case Novelty::Sender:
        case Novelty::None:
            break;
    }
    return "";
}

/// "first link to forms.example in 214 mails over 296 days"; nothing when the host (or page owner)
/// is no news.
std::optional<std::string> link_sentence(std::size_t f, const Evidence& e, const Labels& labels) {
    const bool host = f == index_of(FeatureId::link_host);
    const Novelty n = host ? e.relations.host : e.relations.tenant;
    if (!is_news(n)) return std::nullopt;
    const std::string what =
        host ? newest_host(e, labels) : "this part of " + newest_host(e, labels);
    if (!has_history(e))
        return "links to " + what + " (no mail of this sender before" + elsewhere(n) + ")";
    return "first link to " + what + " in " + past(e) + elsewhere(n);
}

/// "names payment data for the first time in 214 mails over 296 days"; nothing when they are no
/// news.
std::optional<std::string> fact_sentence(const char* what, Novelty n, const Evidence& e) {
    if (!is_news(n)) return std::nullopt;
    if (!has_history(e))
        return "names a " + std::string(what) + " (no mail of this sender before" + elsewhere(n) +
               ")";
    return "names another " + std::string(what) + " than ever in " + past(e) + elsewhere(n);
}

/// What says itself how new it is: links, accounts, telephone numbers.
std::optional<std::string> news(std::size_t f, const Evidence& e, const Labels& labels) {
    switch (static_cast<FeatureId>(f)) {
        case FeatureId::link_host:
        case FeatureId::link_tenant:
            return link_sentence(f, e, labels);
        case FeatureId::payment_data:
            return fact_sentence("bank account or wallet", e.relations.payment, e);
        case FeatureId::phone_number:
            return fact_sentence("telephone number", e.relations.phone, e);
        default:
            return std::nullopt;
    }
}

bool is_request(std::size_t f) noexcept {
    return f >= index_of(Ask::Click) && f < index_of(Ask::kCount);
}
/// REQUIRES is_request(f).
Ask request_of(std::size_t f) noexcept { return static_cast<Ask>(f - index_of(Ask::Click)); }

/// "asks the reader to pay, to hurry and to change bank details": the strongest of what is asked.
std::string request_sentence(const Cause& cause, const std::array<double, kFeatureCount>& nats,
                             const Evidence& e) {
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < cause.spokesmen; ++i) {
        const std::size_t f = cause.features[i];
        if (e.observations.asks_for(request_of(f)) && nats[f] > 0) asked.push_back(f);
    }
    std::stable_sort(asked.begin(), asked.end(),
                     [&](std::size_t a, std::size_t b) { return nats[a] > nats[b]; });
    // Politeness is worth a word only when nothing else is asked.
    if (asked.size() > 1) std::erase(asked, index_of(Ask::Please));
    if (asked.size() > kMostRequests) asked.resize(kMostRequests);
    std::string out = "asks the reader to ";
    for (std::size_t i = 0; i < asked.size(); ++i)
        out += (i == 0                  ? ""
                : i + 1 == asked.size() ? " and to "
                                        : ", to ") +
               std::string(request_text(request_of(asked[i])));
    return out;
}

/// "in To and Cc" of "To Cc", the value of recipient_place; "nowhere" of a hidden copy.
std::string place_in_words(std::string_view value) {
    const auto has = [&](std::string_view part) { return value.find(part) != value.npos; };
    std::string out = has("To") && has("Cc") ? "in To and Cc"
                      : has("To")            ? "in To"
                      : has("Cc")            ? "in Cc"
                                             : "nowhere";
    if (out != "nowhere" && has("hidden copy")) out += " and some nowhere";
    return out;
}

std::string label_of(std::size_t f, const Evidence& e, const Labels& labels) {
    const FeatureSpec& spec = feature_spec(f);
    if (f == index_of(FeatureId::recipient_place)) return place_in_words(labels.feature[f]);
    if (spec.kind == Kind::Set) {
        for (const auto& [value, text] : labels.member)
            if (value == e.surprise.detail[f].value) return text;
        return "?";
    }
    if (spec.kind == Kind::Rank) return fmt::format("{:.1f} %", 100 * (1 - e.surprise.detail[f].p));
    if (spec.relate != nullptr) {
        const Seen seen = spec.relate(e.relations);
        return seen.texts().empty() ? "" : seen.texts().front();
    }
    return labels.feature[f].empty() ? "?" : labels.feature[f];
}

std::string sentence(std::size_t f, const Cause& cause,
                     const std::array<double, kFeatureCount>& nats, const Evidence& e,
                     const Labels& labels) {
    const FeatureSpec& spec = feature_spec(f);
    const FeatureSurprise& d = e.surprise.detail[f];
    if (auto text = news(f, e, labels)) return *text;
    std::string text;
    if (is_request(f)) {
        const Ask ask = request_of(f);
        text = e.observations.asks_for(ask)
                   ? request_sentence(cause, nats, e)
                   : "does not ask the reader to " + std::string(request_text(ask));
    } else if (e.values[f].code == FeatureValue::kAbsent && !spec.absence.empty()) {
        text = spec.absence;
    } else if ((labels.feature[f] == "no" || labels.feature[f] == "none") &&
               spec.sentence.find('%') == std::string_view::npos) {
        text = "no longer " + std::string(spec.sentence);
    } else {
        text = filled(spec.sentence, label_of(f, e, labels));
    }
    // "For the first time" is said with numbers, or is not true.
    if (text.ends_with(first_time())) {
        if (d.new_to_sender && has_history(e)) return text + " in " + past(e);
        text.resize(text.size() - first_time().size());
    }
    return text + comparison(e, d, spec.kind == Kind::Rank);
}

std::string sentence(const Cause& cause, const std::array<double, kFeatureCount>& nats,
                     const Evidence& e, const Labels& labels) {
    return sentence(spokesman(cause, nats, e), cause, nats, e, labels);
}

}  // namespace

std::string filled(std::string_view pattern, std::string_view label) {
    std::string text(pattern);
    if (const auto bar = text.find('|'); bar != std::string::npos) {
        const auto space = text.rfind(' ', bar);
        const auto begin = space == std::string::npos ? 0 : space + 1;
        const auto end = std::min(text.find_first_of(" )", bar), text.size());
        const std::string one = text.substr(begin, bar - begin);
        const std::string many = text.substr(bar + 1, end - bar - 1);
        text.replace(begin, end - begin, label == "1" ? one : many);
    }
    if (const auto percent = text.find('%'); percent != std::string::npos)
        text.replace(percent, 1, label);
    return text;
}

std::vector<Reason> reasons_for(const Evidence& e, Stratum s, const Labels& labels,
                                std::size_t limit) {
    const auto nats = contributions(e, s);
    std::vector<Reason> out;
    for (const auto& share : ranked_causes(nats, e, s)) {
        if (out.size() == limit) break;
        out.push_back({std::string(feature_name(spokesman(share.cause, nats, e))), share.nats,
                       sentence(share.cause, nats, e, labels)});
    }
    return out;
}

Reason reason_of(const OtherMails& others, double gained) {
    std::string text = fmt::format(
        "{} other mail{} of this sender in the last two hours, to other "
        "people",
        others.mails, others.mails == 1 ? "" : "s");
    if (others.alike > 0) text += fmt::format(", {} with the same link or words", others.alike);
    if (others.held) text += ", held before";
    return {"other_mails", std::numbers::ln10 * gained, text};
}

Reason reason_of(const Suspicion& s, Time now) {
    const auto days = static_cast<int>(days_between(s.held, now));
    const std::string when = days < 1    ? "within the last day"
                             : days == 1 ? "a day ago"
                                         : fmt::format("{} days ago", days);
    return {"fingerprint", std::numbers::ln10 * s.gain,
            fmt::format("unusual in the same {} ways as a mail of this sender that was held {}",
                        s.shared, when)};
}

Reason reason_of_account(double account_risk, double gained) {
    return {"account_risk", std::numbers::ln10 * gained,
            fmt::format("the account that sent it is at risk {:.0f} of 100 for what happened on it "
                        "of late (kith account show)",
                        account_risk)};
}

std::string what_would_pass(const Evidence& e, Stratum s, double joint, Verdict verdict,
                            const Labels& labels, const ScoringOptions& options) {
    if (verdict != Verdict::Quarantine && verdict != Verdict::Tag && verdict != Verdict::Defer)
        return "";
    const double wanted = -std::log10(limit_of(verdict, options) / 1000);
    const std::string begin = verdict == Verdict::Quarantine ? "It would not have been held"
                              : verdict == Verdict::Defer    ? "It would not have been delayed"
                                                             : "It would have passed";
    SurpriseVector v = e.surprise;
    const auto own = [&] { return own_evidence(e, s, raw_score(s, e.site.experts, v.x), options); };
    const double others = joint - own();
    const auto nats = contributions(e, s);
    std::string told;
    std::size_t removed = 0;
    for (const auto& share : ranked_causes(nats, e, s)) {
        for (const auto f : share.cause.features) v.x[f] = 0;
        rank_sums(e.relations, e.site, v);
        told += (told.empty() ? "" : "; ") + sentence(share.cause, nats, e, labels);
        ++removed;
        if (own() + others < wanted)
            return begin + " without " +
                   (removed == 1 ? "this: " : "these " + std::to_string(removed) + ": ") + told +
                   ".";
        if (removed == kMostCauses) break;
    }
    const double alone = joint - others;
    if (others > 0.05 && alone < wanted)
        return begin + fmt::format(
                           " alone: {:.0f} % of what speaks against it are this sender's other "
                           "mails and what "
                           "its account did.",
                           100 * others / joint);
    return "No single habit decided: it is unlike this sender in more than eight ways.";
}

}  // namespace kith
