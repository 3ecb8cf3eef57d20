// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/drift.hpp"

#include <algorithm>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

/// One wild mail is an outlier; a drift is many.
constexpr double kMostOfOne = 30;

float moved(float mean, double x, float span, float seen) noexcept {
    const float step = 1 / std::min(span, seen + 1);
    return mean + step * (static_cast<float>(std::min(x, kMostOfOne)) - mean);
}

}  // namespace

double way_surprise(const Surprises& x) noexcept {
    double sum = 0;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        const Group g = feature_spec(f).group;
        if (g == Group::Transport || g == Group::Submission || g == Group::Client ||
            g == Group::Quoting)
            sum += static_cast<double>(x[f]);
    }
    return sum;
}

void learn_drift(Profile& sender, double way_surprise) noexcept {
    sender.drift_fast = moved(sender.drift_fast, way_surprise, kDriftFast, sender.ever);
    sender.drift_slow = moved(sender.drift_slow, way_surprise, kDriftSlow, sender.ever);
}

double drift_of(const Profile& sender) noexcept {
    if (sender.ever < kDriftKnown) return 0;
    return std::max(0.0, static_cast<double>(sender.drift_fast - sender.drift_slow));
}

double drift_of(const Profile& sender, double way_surprise) noexcept {
    if (sender.ever < kDriftKnown) return 0;
    const float fast = moved(sender.drift_fast, way_surprise, kDriftFast, sender.ever);
    return std::max(0.0, static_cast<double>(fast - sender.drift_slow));
}

}  // namespace kith
