// SPDX-License-Identifier: Apache-2.0
// How much of an HTML text may be handed to the HTML parser. Gumbo 0.10 has no bounds of its own:
// its time grows with the square of nesting depth and of attributes a tag. Covered by
// tests/unit/message/html_guard_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>

namespace kith::mail {

/// Elements open at one point, counted as never closed by anything but their own end tag. Real mail
/// stays under 100; 512 leaves room for sloppy HTML and bounds the parser's searches of its stack.
inline constexpr std::size_t kMaxOpenElements = 512;
/// Attributes of one tag. Gumbo compares each with all others.
inline constexpr std::size_t kMaxAttributes = 256;
/// <html> and <body> tags; Gumbo merges the attributes of all into the first.
inline constexpr std::size_t kMaxBodyTags = 64;

/// Length of the prefix of `html` that stays within the bounds above. O(size): at most 16 looks at
/// a byte.
[[nodiscard]] std::size_t safe_html_prefix(std::string_view html);

}  // namespace kith::mail
