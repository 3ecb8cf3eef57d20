// SPDX-License-Identifier: Apache-2.0
#include "engine/model/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace kith {
namespace {

/// Where the exponential tail begins: fewer values leave less to fit it on (facts/detection: 97, 90
/// and 85 %).
double tail_start(std::size_t n) noexcept { return n >= 1000 ? 0.97 : n >= 200 ? 0.90 : 0.85; }
constexpr std::size_t kMinForTail = 20;
constexpr double kFar =
    3;  // how many times rarer than all data a value is still judged by the scale
constexpr double kMinP = 1e-300;  // exp() ends at 0, p must not
constexpr double kMinScale =
    0.05;  // nats; values that are all alike must not make everything else impossible

/// Mean of the excesses over the first of `tail` (ascending) if they are exponential. The plain
/// mean follows the one freak among them, and the attacks: what lies further out than one in
/// exp(kWinsor) counts as if it lay there, measured by the upper quartile.
double mean_excess(std::span<const float> tail) {
    constexpr double kWinsor = 2.5;
    const auto excess = [&](float v) { return static_cast<double>(v - tail.front()); };
    const double cap = kWinsor * excess(tail[tail.size() * 3 / 4]) / std::log(4.0);
    double sum = 0;
    for (const float v : tail) sum += std::min(cap, excess(v));
    return sum / static_cast<double>(tail.size()) / (1 - std::exp(-kWinsor));
}

}  // namespace

void ScoreRing::add(float value) {
    if (values_.size() < capacity_) {
        values_.push_back(value);
        return;
    }
    values_[next_] = value;
    next_ = (next_ + 1) % capacity_;
}

void ScoreRing::retract(float value) {
    std::rotate(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(next_),
                values_.end());
    next_ = 0;
    const auto newest = std::find(values_.rbegin(), values_.rend(), value);
    if (newest != values_.rend()) values_.erase(std::next(newest).base());
}

double ScoreRing::rank_p(float x) const noexcept {
    std::size_t at_least = 0;
    for (const float v : values_) at_least += v >= x ? 1 : 0;
    return static_cast<double>(at_least + 1) / static_cast<double>(values_.size() + 1);
}

void ScoreRing::restore(std::vector<float> values, std::size_t next) {
    values_ = std::move(values);
    next_ = next;
}

Calibration::Calibration(const ScoreRing& ring) : sorted_(ring.values()) {
    std::sort(sorted_.begin(), sorted_.end());
    const std::size_t n = sorted_.size();
    if (n < kMinForTail) return;
    const auto first = static_cast<std::size_t>(tail_start(n) * static_cast<double>(n));
    threshold_ = static_cast<double>(sorted_[first]);
    scale_ = std::max(kMinScale, mean_excess(std::span(sorted_).subspan(first)));
    tail_share_ = static_cast<double>(n - first) / static_cast<double>(n);
}

double Calibration::tail_p(double x) const noexcept {
    const double z = (x - threshold_) / scale_;
    const double far = std::log(tail_share_ * kFar * static_cast<double>(sorted_.size() + 1));
    if (z <= far) return tail_share_ * std::exp(-z);
    return std::max(kMinP, tail_share_ * std::exp(-far) * (far / z) * (far / z));
}

double Calibration::p(double x) const noexcept {
    const std::size_t n = sorted_.size();
    if (n == 0) return 1;
    if (tail_share_ > 0 && x > threshold_) return tail_p(x);
    const auto at_least =
        sorted_.end() - std::lower_bound(sorted_.begin(), sorted_.end(), static_cast<float>(x));
    return static_cast<double>(at_least + 1) / static_cast<double>(n + 1);
}

}  // namespace kith
