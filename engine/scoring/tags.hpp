// SPDX-License-Identifier: Apache-2.0
// Facts about a mail and its sender in words of the field, each a predicate over what is known of
// the mail. tags.def is the list. Tags never change a score. Pure. Covered by
// tests/unit/scoring/tags_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scoring/score.hpp"

namespace kith {

/// What predicates look at.
struct TagView {
    const Evidence& e;
    const std::vector<IndicatorScore>& indicators;
    Stratum stratum;
    double score;             ///< 0-100, with evidence over messages
    double account_risk = 0;  ///< 0-100, of the login that submitted the mail
};

struct Tag {
    bool (*holds)(const TagView&);
    std::string_view name;
    std::string_view meaning;  ///< one line for kith-indicators(7)
};
/// In the order of tags.def.
[[nodiscard]] std::span<const Tag> all_tags() noexcept;

/// A mail shows at most so many: they travel in one header field.
inline constexpr std::size_t kMaxTags = 16;
/// Names of those that hold, the most serious first, at most kMaxTags.
[[nodiscard]] std::vector<std::string> tags_of(const TagView& view);

}  // namespace kith
