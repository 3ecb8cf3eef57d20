// SPDX-License-Identifier: Apache-2.0
// The features' numbers, from features.def. Index = position in the table, for arrays in memory;
// tag = the persistent number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith {

enum class FeatureId : std::uint16_t {
#define FEATURE(tag, name) name,
#include "engine/features/features.def"
#undef FEATURE
    kCount
};
inline constexpr std::size_t kFeatureCount = static_cast<std::size_t>(FeatureId::kCount);
[[nodiscard]] constexpr std::size_t index_of(FeatureId id) noexcept {
    return static_cast<std::size_t>(id);
}

/// Persistent number of the feature at `index`. REQUIRES index < kFeatureCount.
[[nodiscard]] std::uint16_t feature_tag(std::size_t index) noexcept;
/// Index of a persistent number; kFeatureCount when this build does not know it.
[[nodiscard]] std::size_t feature_index(std::uint16_t tag) noexcept;
[[nodiscard]] std::string_view feature_name(std::size_t index) noexcept;

}  // namespace kith
