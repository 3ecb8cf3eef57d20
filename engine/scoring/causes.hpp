// SPDX-License-Identifier: Apache-2.0
// Which features one and the same change of a mail's making shows in: told as one reason, in the
// words of the feature that says it best. Pure. Covered by tests/unit/scoring/causes_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/features/feature_id.hpp"

namespace kith {

/// One thing that is unlike before.
struct Cause {
    std::vector<std::size_t> features;  ///< indices; those that say it best come first
    std::size_t spokesmen = 0;          ///< how many of them that are
};

/// Every feature belongs to exactly one.
[[nodiscard]] const std::vector<Cause>& causes();
/// Index into causes(). REQUIRES feature < kFeatureCount.
[[nodiscard]] std::size_t cause_of(std::size_t feature) noexcept;

}  // namespace kith
