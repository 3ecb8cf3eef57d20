// SPDX-License-Identifier: Apache-2.0
// Named views of the surprises, each calibrated on the site's own mail to the same 0-100 scale.
// indicators.def is the list. Covered by tests/unit/scoring/indicators_test.cpp.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "engine/scoring/score.hpp"

namespace kith {

/// Raw strengths in the order of the numbers in indicators.def; unused places 0.
[[nodiscard]] std::array<double, kIndicatorCount> indicator_strengths(const Evidence& e);
/// Names with scores >= 20 (rarer than 1 in 10), strongest first.
[[nodiscard]] std::vector<IndicatorScore> indicator_scores(
    const Evidence& e, const std::array<double, kIndicatorCount>& strengths);

}  // namespace kith
