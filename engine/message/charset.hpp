// SPDX-License-Identifier: Apache-2.0
// Bytes of any charset -> valid UTF-8, with ICU. Labels are read as mail programs do (WHATWG
// Encoding: latin1 means windows-1252). Covered by tests/unit/message/charset_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace kith::mail {

struct DecodedText {
    std::string utf8;      ///< valid, without NUL
    bool invalid = false;  ///< unknown charset, or bytes that are not of it
};

/// `bytes` as text. No charset, or US-ASCII: UTF-8 when valid, else windows-1252. Unknown charset:
/// UTF-8, what is not valid replaced. Total; thread-safe; O(size).
[[nodiscard]] DecodedText to_utf8(std::string_view bytes, std::string_view charset);

}  // namespace kith::mail
