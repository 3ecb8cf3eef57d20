// SPDX-License-Identifier: Apache-2.0
// How alike the words of two mails are, by Observations::sketch. Covered by
// tests/unit/admin/campaigns_test.cpp and tests/unit/scoring/score_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kith {

/// Min-hashes of a mail's own words; all 0 without words.
using Sketch = std::array<std::uint32_t, 8>;
/// How many of them agree (0-8). Two mails without words agree in all.
[[nodiscard]] constexpr int alike_words(const Sketch& a, const Sketch& b) noexcept {
    int equal = 0;
    for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
    return equal;
}
/// From so many on most words are the same.
inline constexpr int kSameText = 4;

}  // namespace kith
