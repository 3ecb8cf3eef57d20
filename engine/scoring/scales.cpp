// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/scales.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

namespace kith {
namespace {

constexpr std::size_t kMinForShift = 1000;
constexpr double kMaxShift = 1;
constexpr std::size_t kLevelPercent = 3;
constexpr std::size_t kMinForStage = 100;
constexpr double kStagePrior = 50;  // the direction's level counts as so many mails of a stage
// A stage with less mail in the payload strata than the budget has shares for cannot reach 3 in
// 100; raised without end it would be held several times too often (seen on a synthetic site).
constexpr double kMaxStageRise = .15;
// Newcomers' mail reaches 3 in 100 as often as others' and 1 in 100 twice as often: only they claim
// identities. So the curve of a stage is put right at a second place, where enough mails tell, and
// bent back to where it was at 1 in 1000, where none could.
constexpr double kBendLevel = 1.824;  // -log10 of 1.5 in 100
constexpr double kBendFrom = 1.324;   // -log10 of 4.7 in 100
constexpr double kBendTo = 3;
constexpr double kMaxBendRise = .3,
                 kMaxBendFall = .4;  // steeper, and a higher C could become a lower
constexpr double kShareAdd = 1;      // mail of a stratum never seen is rare, not impossible

std::size_t at(Direction d) noexcept { return static_cast<std::size_t>(d); }
std::size_t at(Stratum s) noexcept { return static_cast<std::size_t>(s); }

/// What must be added to these values so that kLevelPercent of them reach what they ought to.
double missing_level(const ScoreRing& ring) {
    std::vector<float> c = ring.values();
    const auto k = static_cast<std::ptrdiff_t>(c.size() * (100 - kLevelPercent) / 100);
    std::nth_element(c.begin(), c.begin() + k, c.end());
    return -std::log10(kLevelPercent / 100.0) - static_cast<double>(c[static_cast<std::size_t>(k)]);
}

/// Of one direction, by stage.
std::array<double, kStages> level_shifts(const ScoreRing& all,
                                         const std::array<ScoreRing, kStages>& stages) {
    std::array<double, kStages> shifts{};
    if (all.size() < kMinForShift) return shifts;
    const double common = std::clamp(missing_level(all), -kMaxShift, kMaxShift);
    for (std::size_t stage = 0; stage < kStages; ++stage) {
        const auto n = static_cast<double>(stages[stage].size());
        shifts[stage] = common;
        if (stages[stage].size() >= kMinForStage)
            shifts[stage] +=
                std::clamp((missing_level(stages[stage]) - common) * n / (n + kStagePrior),
                           -kMaxShift, kMaxStageRise);
    }
    return shifts;
}

/// What must be added at kBendLevel so that 1.5 in 100 of a stage's mail reach it. Mail that was
/// held for itself is left out: attacks on people who are well known here were as many as that, and
/// the next genuine mail must not be let through for them.
double bend_of(const ScoreRing& stage, double shift) {
    std::vector<double> c;
    for (const float value : stage.values())
        if (static_cast<double>(value) + shift < kBendTo)
            c.push_back(static_cast<double>(value) + shift);
    if (c.size() < kMinForStage) return 0;
    const auto n = static_cast<double>(c.size());
    const auto k = static_cast<std::ptrdiff_t>(n * std::pow(10, -kBendLevel));
    std::nth_element(c.begin(), c.begin() + k, c.end(), std::greater<>());
    return std::clamp((kBendLevel - c[static_cast<std::size_t>(k)]) * n / (n + kStagePrior),
                      -kMaxBendFall, kMaxBendRise);
}

}  // namespace

Scales::Scales(const SiteState& site) : anomaly_(site.anomaly) {
    for (std::size_t d = 0; d < kDirectionCount; ++d) {
        double all = 0;
        for (std::size_t s = 0; s < kStratumCount; ++s) {
            scores_[d][s] = Calibration(site.scores[d][s]);
            mails_[d] += site.scores[d][s].size();
            all += static_cast<double>(site.stratum_mails[d][s]) + kShareAdd;
        }
        for (std::size_t s = 0; s < kStratumCount; ++s)
            shares_[d][s] = (static_cast<double>(site.stratum_mails[d][s]) + kShareAdd) / all;
        for (std::size_t i = 0; i < kIndicatorCount; ++i)
            indicators_[d][i] = Calibration(site.indicators[d][i]);
        shift_[d] = level_shifts(site.evidence[d], site.stage_evidence[d]);
        if (site.evidence[d].size() >= kMinForShift)
            for (std::size_t stage = 0; stage < kStages; ++stage)
                bend_[d][stage] = bend_of(site.stage_evidence[d][stage], shift_[d][stage]);
    }
}

double Scales::stratum_p(Direction d, Stratum s, double raw) const noexcept {
    return scores_[at(d)][at(s)].p(raw);
}
double Scales::share(Direction d, Stratum s) const noexcept { return shares_[at(d)][at(s)]; }
std::size_t Scales::calibration_mails(Direction d) const noexcept { return mails_[at(d)]; }
std::size_t Scales::calibration_mails(Direction d, Stratum s) const noexcept {
    return scores_[at(d)][at(s)].size();
}
double Scales::level_shift(Direction d, double messages) const noexcept {
    return shift_[at(d)][stage_of(messages)];
}
double Scales::levelled(Direction d, double messages, double c) const noexcept {
    const std::size_t stage = stage_of(messages);
    const double shifted = c + shift_[at(d)][stage];
    const double up = (shifted - kBendFrom) / (kBendLevel - kBendFrom);
    const double down = (kBendTo - shifted) / (kBendTo - kBendLevel);
    return shifted + bend_[at(d)][stage] * std::clamp(std::min(up, down), 0.0, 1.0);
}
double Scales::indicator_p(Direction d, std::size_t i, double raw) const noexcept {
    return indicators_[at(d)][i].p(raw);
}

}  // namespace kith
