// SPDX-License-Identifier: Apache-2.0
// Content transfer decoding (RFC 2045, section 6). Own decoders, because GMime 3.2.13 stops at the
// first padding of base64 (its issue 150) and mail programs do not: what they show must be seen.
// Covered by tests/unit/message/transfer_decode_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace kith::mail {

struct DecodedBytes {
    std::string bytes;
    bool irregular =
        false;  ///< foreign characters, data after padding, or (quoted-printable) a bare '='
};

/// Value of a hexadecimal digit, else -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Decodes base64; padding ends a quantum, not the data; foreign characters are skipped.
[[nodiscard]] DecodedBytes decode_base64(std::string_view encoded);
/// Decodes quoted-printable; an '=' that starts no escape stands for itself, as mail programs show
/// it.
[[nodiscard]] DecodedBytes decode_quoted_printable(std::string_view encoded);
/// Decodes the lines between "begin" and "end" (uuencode); nothing when there is no "begin".
[[nodiscard]] DecodedBytes decode_uuencode(std::string_view encoded);
/// By name of the encoding, lower case; unknown ones and 7bit, 8bit, binary are the bytes
/// themselves.
[[nodiscard]] DecodedBytes decode_transfer(std::string_view encoded, std::string_view encoding);

}  // namespace kith::mail
