// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "engine/scoring/assessment.hpp"

namespace kith {

/// The site's policy: how much genuine mail may be held, and how that budget is shared.
struct ScoringOptions {
    /// Genuine mails held per 1000, each direction. Range 0-100. 0 = never hold. Raise to catch
    /// more and hold more.
    double holds_per_1000 = 1.0;
    /// Genuine mails tagged per 1000 (score >= 40 at 10). Range 0-500, at least holds_per_1000.
    double tags_per_1000 = 10.0;
    /// Genuine mails answered 451 once per 1000, to be judged anew when they come back. Range
    /// 0-100; 0 = never. What it adds lies between it and holds_per_1000.
    double delays_per_1000 = 0;
    /// Share of the budget for each stratum: identity, link, request, unbacked, plain, client. Each
    /// > 0, sum 1. Measured: more for links serves account takeovers by own clients, more for
    /// identity and unbacked serves spoofing.
    std::array<double, kStratumCount> shares{.145, .55, .20, .05, .005, .05};
    /// Calibration mails of a direction needed before anything is held at 1 in 1000 or more: see
    /// mails_needed(). 2,995 give "at most 1 in 1000" with 95 % confidence.
    unsigned min_calibration = 2995;
    /// ... and of the stratum.
    unsigned min_stratum_calibration = 30;
};

/// Calibration mails of a direction needed before anything is held: a promise of fewer than 1 in
/// 1000 takes as many times more.
[[nodiscard]] inline std::size_t mails_needed(const ScoringOptions& options) noexcept {
    const double per_1000 = options.holds_per_1000;
    const double times = per_1000 > 0 && per_1000 < 1 ? 1 / per_1000 : 1;
    return static_cast<std::size_t>(std::ceil(options.min_calibration * std::min(times, 1e6)));
}

}  // namespace kith
