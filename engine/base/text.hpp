// SPDX-License-Identifier: Apache-2.0
// Small text functions over hostile bytes. All are total: any bytes in, a defined answer out.
// Covered by tests/unit/base/text_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// ASCII lower case; other bytes unchanged.
[[nodiscard]] std::string ascii_lower(std::string_view s);
[[nodiscard]] bool ascii_iequals(std::string_view a, std::string_view b) noexcept;
/// Without leading and trailing space, tab, CR, LF.
[[nodiscard]] std::string_view trim(std::string_view s) noexcept;
/// Valid UTF-8: each maximal invalid sequence becomes U+FFFD; NUL becomes U+FFFD as well.
[[nodiscard]] std::string scrub_utf8(std::string_view bytes);
/// The same of as many bytes as become at most `max_bytes` of text, cut at a code point's border;
/// what lies behind is not looked at.
[[nodiscard]] std::string scrub_utf8(std::string_view bytes, std::size_t max_bytes);
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;
/// Whether the one code point in valid UTF-8 `sequence` shows nothing itself but may change where
/// or in which order other text is shown: controls (C0, DEL, C1), format characters (bidirectional
/// marks, joiners, tags), line and paragraph separators.
[[nodiscard]] bool steers_display(std::string_view sequence) noexcept;
/// At most `max_bytes` of valid UTF-8 `s`, cut at a code point's border.
[[nodiscard]] std::string_view utf8_prefix(std::string_view s, std::size_t max_bytes) noexcept;
/// Unicode simple lower case of valid UTF-8 (ICU root locale).
[[nodiscard]] std::string utf8_lower(std::string_view s);
/// Pieces between `separator`; "" gives one empty piece.
[[nodiscard]] std::vector<std::string_view> split(std::string_view s, char separator);
/// What stands behind the last @ of an address; "" without one.
[[nodiscard]] std::string_view domain_of(std::string_view address) noexcept;
/// True when `domain` is `top` or below it; ASCII letters of any case.
[[nodiscard]] bool is_domain_or_below(std::string_view domain, std::string_view top) noexcept;
/// Levenshtein distance of two byte strings, at most `limit` + 1 (stops early).
[[nodiscard]] int edit_distance(std::string_view a, std::string_view b, int limit);
/// The candidate with the smallest edit distance to `word`, or "" when none is within a third of
/// its length (at least 2).
[[nodiscard]] std::string nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

}  // namespace kith
