// SPDX-License-Identifier: Apache-2.0
// Encoded words of header fields (RFC 2047). An own decoder, because GMime 3.2.13 loses all but the
// first of adjacent B words (its issue 133), which hides names and words. Covered by
// tests/unit/message/rfc2047_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kith::mail {

/// Bytes of the encoded word "=?charset?b-or-q?text?=" at the start of `s`; 0 when there is none.
/// Space in the text is no objection for unstructured fields (`decode_words`), but is one here.
[[nodiscard]] std::size_t encoded_word_length(std::string_view s) noexcept;

/// Readable text of an unstructured field body or of a phrase: encoded words decoded, white space
/// between adjacent ones dropped, a character split over two words of one charset joined, raw 8-bit
/// text read as UTF-8 or else windows-1252. Valid UTF-8, trimmed, control characters as spaces.
/// Total, O(size).
[[nodiscard]] std::string decode_words(std::string_view raw);

}  // namespace kith::mail
