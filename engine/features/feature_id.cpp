// SPDX-License-Identifier: Apache-2.0
#include "engine/features/feature_id.hpp"

#include <array>

namespace kith {
namespace {

constexpr std::array<std::uint16_t, kFeatureCount> kTags = {
#define FEATURE(tag, name) tag,
#include "engine/features/features.def"
#undef FEATURE
};
constexpr std::array<std::string_view, kFeatureCount> kNames = {
#define FEATURE(tag, name) #name,
#include "engine/features/features.def"
#undef FEATURE
};
constexpr std::size_t kMaxTag = 1024;

constexpr bool tags_are_unique_and_small() {
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        if (kTags[i] == 0 || kTags[i] >= kMaxTag) return false;
        for (std::size_t j = 0; j < i; ++j)
            if (kTags[i] == kTags[j]) return false;
    }
    return true;
}
static_assert(tags_are_unique_and_small(),
              "features.def: tags must be unique, above 0 and below kMaxTag");

constexpr auto make_index() {
    std::array<std::uint16_t, kMaxTag> index{};
    for (auto& i : index) i = static_cast<std::uint16_t>(kFeatureCount);
    for (std::size_t i = 0; i < kFeatureCount; ++i) index[kTags[i]] = static_cast<std::uint16_t>(i);
    return index;
}
constexpr auto kIndex = make_index();

}  // namespace

std::uint16_t feature_tag(std::size_t index) noexcept { return kTags[index]; }
std::size_t feature_index(std::uint16_t tag) noexcept {
    return tag < kMaxTag ? kIndex[tag] : kFeatureCount;
}
std::string_view feature_name(std::size_t index) noexcept { return kNames[index]; }

}  // namespace kith
