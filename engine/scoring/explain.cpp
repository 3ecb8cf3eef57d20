// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/features/asks.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

struct Contribution {
    std::size_t feature;
    double nats;
};

/// What each feature added to the raw score. A sum's part goes to its members, each by its
/// surprise: they are what somebody can look at.
std::vector<Contribution> contributions(const Evidence& e, Stratum s) {
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
    std::vector<Contribution> out;
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (nats[f] > .05) out.push_back({f, nats[f]});
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.nats > b.nats; });
    return out;
}

std::string history_text(const Evidence& e) {
    const Profile* p = e.history.profile.get();
    if (p == nullptr || p->messages < .5F) return "no mail of this sender before";
    const auto days =
        static_cast<long>(std::max(1.0, std::ceil(days_between(p->first, e.observations.time))));
    return fmt::format("{:.0f} mail{} over {} day{}", static_cast<double>(p->messages),
                       p->messages < 1.5F ? "" : "s", days, days == 1 ? "" : "s");
}

std::string label_of(std::size_t f, const Evidence& e, const Labels& labels) {
    const FeatureSpec& spec = feature_spec(f);
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
    return labels.feature[f];
}

std::string linked_host(const Labels& labels, const Observations& o) {
    for (std::size_t i = 0; i < o.links.size() && i < labels.link_hosts.size(); ++i)
        if (!o.links[i].own_domain) return " (" + labels.link_hosts[i] + ")";
    return "";
}

std::string sentence(std::size_t f, const Evidence& e, const Labels& labels) {
    const FeatureSpec& spec = feature_spec(f);
    const FeatureSurprise& d = e.surprise.detail[f];
    std::string text;
    if (spec.sentence.empty()) {
        const std::string name(feature_name(f).substr(4));  // "ask_pay"
        text = labels.feature[f] == "no"
                   ? "does not ask its reader to " + name + ", as this sender always does"
                   : "asks for: " + name;
    } else {
        text = std::string(spec.sentence);
        if (const auto percent = text.find('%'); percent != std::string::npos)
            text.replace(percent, 1, label_of(f, e, labels));
    }
    if (f == index_of(FeatureId::link_host) || f == index_of(FeatureId::link_tenant))
        text += linked_host(labels, e.observations);
    if (spec.kind == Kind::Rank) {
        text += fmt::format(" ({})", history_text(e));
    } else if (d.new_to_sender) {
        text += fmt::format(" (never in {})", history_text(e));
    } else if (d.n > 0) {
        text += fmt::format(" ({:.0f} of {:.0f} times before)", d.seen, d.n);
    } else {
        text += fmt::format(" ({}; compared with {})", history_text(e),
                            e.history.domain_profile ? "its domain" : "all mail here");
    }
    return text;
}

}  // namespace

std::vector<Reason> reasons_for(const Evidence& e, Stratum s, const Labels& labels,
                                std::size_t limit) {
    std::vector<Reason> out;
    for (const auto& c : contributions(e, s)) {
        if (out.size() == limit) break;
        out.push_back(
            {std::string(feature_name(c.feature)), c.nats, sentence(c.feature, e, labels)});
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

std::string what_would_pass(const Evidence& e, Stratum s, double joint, double wanted,
                            const ScoringOptions& options) {
    if (joint < wanted) return "";
    SurpriseVector v = e.surprise;
    const auto own = [&] { return own_evidence(e, s, raw_score(s, e.site.experts, v.x), options); };
    const double others = joint - own();
    std::string names;
    int removed = 0;
    for (const auto& c : contributions(e, s)) {
        v.x[c.feature] = 0;
        rank_sums(e.relations, e.site, v);
        names += (names.empty() ? "" : ", ") + std::string(feature_name(c.feature));
        if (own() + others < wanted) return "It would have passed without: " + names + ".";
        if (++removed == 8) break;
    }
    if (others > 0.05)
        return fmt::format(
            "It would have passed alone: {:.1f} of {:.1f} points come from this sender's other "
            "mails of the last two hours.",
            20 * others, 20 * joint);
    return "No single habit decided: more than eight features were unlike this sender.";
}

}  // namespace kith
