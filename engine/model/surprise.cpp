// SPDX-License-Identifier: Apache-2.0
#include "engine/model/surprise.hpp"

#include <algorithm>
#include <cmath>

namespace kith {
namespace {

std::size_t log2_bucket(double x, std::size_t count) noexcept {
    if (!(x >= 1)) return 0;
    return std::min(static_cast<std::size_t>(std::ilogb(x)), count - 1);
}

}  // namespace

std::size_t NoveltyCurve::bucket(double n, double t) noexcept {
    return log2_bucket(n, kN) * kT + log2_bucket(t, kT);
}

double NoveltyCurve::nu(double n, double t) const noexcept {
    const Cell& cell = cells_[bucket(n, t)];
    const double prior = (kTheta + kDiscount * t) / (kTheta + n);
    const double nu = (static_cast<double>(cell.novel) + kKappa * std::min(prior, 1.0)) /
                      (static_cast<double>(cell.trials) + kKappa);
    return std::clamp(nu, kSurpriseFloor, 1.0);
}

void NoveltyCurve::count(double n, double t, bool novel, double weight) noexcept {
    Cell& cell = cells_[bucket(n, t)];
    cell.trials += static_cast<float>(weight);
    if (novel) cell.novel += static_cast<float>(weight);
    if (cell.trials > kMaxTrials) {
        cell.trials /= 2;
        cell.novel /= 2;
    }
}

void NoveltyCurve::retract(std::size_t cell, bool trial, bool novel) noexcept {
    if (cell >= cells_.size()) return;
    Cell& c = cells_[cell];
    if (trial) c.trials = std::max(0.0F, c.trials - 1);
    if (novel) c.novel = std::max(0.0F, c.novel - 1);
    c.novel = std::min(c.novel, c.trials);
}

double level_p(const Standing& at, double nu, double parent_p, bool top) noexcept {
    if (at.n <= 0) return top ? 1.0 : parent_p;
    double p = 0;
    if (at.seen)
        p = nu + (1 - nu) * std::min(1.0, (at.below + at.equal / 2) / at.n);
    else
        p = top ? nu / 2 : nu * parent_p;
    return std::clamp(p, kSurpriseFloor, 1.0);
}

double hinge(double p) noexcept { return std::max(0.0, -std::log(p) - 1); }

}  // namespace kith
