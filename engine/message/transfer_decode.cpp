// SPDX-License-Identifier: Apache-2.0
#include "engine/message/transfer_decode.hpp"

#include <array>
#include <cstdint>

namespace kith::mail {
namespace {

constexpr std::uint8_t kForeign = 0xFF;
constexpr std::uint8_t kGap = 0xFE;
constexpr std::uint8_t kPadding = 0xFD;

[[nodiscard]] constexpr std::array<std::uint8_t, 256> base64_table() {
    std::array<std::uint8_t, 256> table{};
    for (auto& entry : table) entry = kForeign;
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        table[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<std::uint8_t>(c)] = kGap;
    table['='] = kPadding;
    return table;
}
constexpr auto kBase64 = base64_table();

}  // namespace

DecodedBytes decode_base64(std::string_view encoded) {
    DecodedBytes out;
    out.bytes.reserve(encoded.size() / 4 * 3 + 3);
    std::uint32_t quantum = 0;
    int digits = 0;
    bool padded = false;
    const auto flush = [&] {
        if (digits == 2) out.bytes += static_cast<char>(quantum >> 4U);
        if (digits == 3) {
            out.bytes += static_cast<char>(quantum >> 10U);
            out.bytes += static_cast<char>(quantum >> 2U);
        }
        if (digits == 1) out.irregular = true;
        quantum = 0;
        digits = 0;
    };
    for (const char c : encoded) {
        const std::uint8_t value = kBase64[static_cast<std::uint8_t>(c)];
        if (value < 64) {
            if (padded) out.irregular = true;
            quantum = quantum << 6U | value;
            if (++digits == 4) {
                out.bytes += static_cast<char>(quantum >> 16U);
                out.bytes += static_cast<char>(quantum >> 8U);
                out.bytes += static_cast<char>(quantum);
                quantum = 0;
                digits = 0;
            }
        } else if (value == kPadding) {
            flush();
            padded = true;
        } else if (value == kForeign) {
            out.irregular = true;
        }
    }
    flush();
    return out;
}

DecodedBytes decode_quoted_printable(std::string_view encoded) {
    DecodedBytes out;
    out.bytes.reserve(encoded.size());
    std::size_t i = 0;
    while (i < encoded.size()) {
        const std::size_t escape = encoded.find('=', i);
        out.bytes.append(encoded.substr(i, escape == std::string_view::npos ? escape : escape - i));
        if (escape == std::string_view::npos) break;
        i = escape + 1;
        if (i + 1 < encoded.size() && hex_value(encoded[i]) >= 0 &&
            hex_value(encoded[i + 1]) >= 0) {
            out.bytes += static_cast<char>(hex_value(encoded[i]) * 16 + hex_value(encoded[i + 1]));
            i += 2;
            continue;
        }
        // Soft line break; white space before the line end was added in transport (RFC 2045,
        // section 6.7).
        std::size_t j = i;
        while (j < encoded.size() && (encoded[j] == ' ' || encoded[j] == '\t') && j < i + 76) ++j;
        if (j < encoded.size() && encoded[j] == '\r') ++j;
        if (j >= encoded.size() || encoded[j] == '\n') {
            i = j + 1;
            continue;
        }
        out.bytes += '=';
        out.irregular = true;
    }
    return out;
}

DecodedBytes decode_uuencode(std::string_view encoded) {
    DecodedBytes out;
    bool inside = false;
    std::size_t i = 0;
    while (i < encoded.size()) {
        std::size_t end = encoded.find('\n', i);
        if (end == std::string_view::npos) end = encoded.size();
        std::string_view line = encoded.substr(i, end - i);
        i = end + 1;
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!inside) {
            inside = line.substr(0, 6) == "begin ";
            continue;
        }
        if (line == "end") return out;
        if (line.empty()) continue;
        const auto six = [&line](std::size_t k) -> std::uint32_t {
            return k < line.size() ? (static_cast<std::uint8_t>(line[k]) - 32U) & 63U : 0U;
        };
        std::uint32_t left = six(0);
        for (std::size_t k = 1; left > 0 && k < line.size(); k += 4) {
            const std::uint32_t group =
                six(k) << 18U | six(k + 1) << 12U | six(k + 2) << 6U | six(k + 3);
            for (unsigned shift = 16; left > 0; shift -= 8) {
                out.bytes += static_cast<char>(group >> shift);
                --left;
                if (shift == 0) break;
            }
        }
        if (left > 0) out.irregular = true;
    }
    if (inside) out.irregular = true;  // no "end"
    return out;
}

DecodedBytes decode_transfer(std::string_view encoded, std::string_view encoding) {
    if (encoding == "base64") return decode_base64(encoded);
    if (encoding == "quoted-printable") return decode_quoted_printable(encoded);
    if (encoding == "x-uuencode" || encoding == "uuencode" || encoding == "x-uue")
        return decode_uuencode(encoded);
    return {std::string(encoded), false};
}

}  // namespace kith::mail
