// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/indicators.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "engine/features/spec.hpp"
#include "engine/scoring/drift.hpp"
#include "engine/scoring/surprises.hpp"

namespace kith {
namespace {

double general_anomaly(const Evidence& e) {
    const Surprises x = strangeness(e.surprise.x);
    return std::sqrt(e.scales.anomaly().distance2(std::span<const float>(x)));
}

double out_of_character(const Evidence& e) {
    double sum = 0;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        const auto& d = e.surprise.detail[f];
        if (d.steady && d.new_to_sender) sum += static_cast<double>(e.surprise.x[f]);
        if (feature_spec(f).kind == Kind::Rank && e.relations.history_bucket > 0)
            sum += static_cast<double>(e.surprise.x[f]) / 2;
    }
    return sum;
}

double inducement_shift(const Evidence& e) {
    const bool asks = e.observations.asks != 0 || !e.observations.links.empty() ||
                      !e.observations.payment.empty();
    if (!asks) return 0;
    return e.site.experts.score(Expert::Text, e.surprise.x) -
           e.site.experts.score(Expert::Text, Surprises{});
}

double new_client(const Evidence& e) {
    return group_surprise(e.surprise.x, {Group::Client, Group::Submission, Group::Quoting});
}
double unusual_origin(const Evidence& e) {
    return group_surprise(e.surprise.x, {Group::Transport});
}
double first_contact(const Evidence& e) {
    return e.history.profile == nullptr ? e.history.domain_profile == nullptr ? 2 : 1 : 0;
}

double profile_drift(const Evidence& e) {
    return e.history.profile ? drift_of(*e.history.profile, way_surprise(e.surprise.x)) : 0;
}

struct Row {
    std::size_t number;
    double (*strength)(const Evidence&);
    const char* name;
};
constexpr Row kRows[] = {
#define INDICATOR(number, function, name, text) {number, &function, name},
#include "engine/scoring/indicators.def"
#undef INDICATOR
};

constexpr double kShown = 20;

}  // namespace

std::array<double, kIndicatorCount> indicator_strengths(const Evidence& e) {
    std::array<double, kIndicatorCount> out{};
    for (const auto& row : kRows) out[row.number] = row.strength(e);
    return out;
}

std::vector<IndicatorScore> indicator_scores(const Evidence& e,
                                             const std::array<double, kIndicatorCount>& strengths) {
    std::vector<IndicatorScore> out;
    for (const auto& row : kRows) {
        if (strengths[row.number] <= 0) continue;
        const double p =
            e.scales.indicator_p(e.observations.direction, row.number, strengths[row.number]);
        const double score = score_of(-std::log10(std::max(p, 1e-6)));
        if (score >= kShown) out.push_back({row.name, score});
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    return out;
}

}  // namespace kith
