// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/drift.hpp"

#include <algorithm>

#include "engine/scoring/surprises.hpp"

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
    return group_surprise(x, {Group::Transport, Group::Submission, Group::Client, Group::Quoting});
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
