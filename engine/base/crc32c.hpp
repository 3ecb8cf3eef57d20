// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of bytes that lie on disk: journal records, values of
// the store. Written by hand because no Debian 12 package offers just this sum; eight tables at a
// time (Kounavis and Berry 2005), which is fast enough (above 1 GB/s) to need no special
// instructions. It finds accidents, not forgers: it has no key. Covered by
// tests/unit/journal/crc32c_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kith {
namespace crc32c_detail {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
        tables[0][i] = crc;
    }
    for (std::size_t t = 1; t < 8; ++t)
        for (std::size_t i = 0; i < 256; ++i)
            tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xFFU];
    return tables;
}
inline constexpr Tables kTables = make_tables();

}  // namespace crc32c_detail

/// CRC-32C of `bytes`; `crc` is the sum of what came before them (0 at the start), so that pieces
/// can be summed in turn.
[[nodiscard]] inline std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept {
    const auto& t = crc32c_detail::kTables;
    const char* p = bytes.data();
    std::size_t left = bytes.size();
    crc = ~crc;
    for (; left >= 8; left -= 8, p += 8) {
        std::array<std::uint8_t, 8> b{};
        std::memcpy(b.data(), p, 8);
        const std::uint32_t low = crc ^ (std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 |
                                         std::uint32_t{b[2]} << 16 | std::uint32_t{b[3]} << 24);
        crc = t[7][low & 0xFFU] ^ t[6][low >> 8 & 0xFFU] ^ t[5][low >> 16 & 0xFFU] ^
              t[4][low >> 24] ^ t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]];
    }
    for (; left > 0; --left, ++p)
        crc = t[0][(crc ^ static_cast<std::uint8_t>(*p)) & 0xFFU] ^ (crc >> 8);
    return ~crc;
}

}  // namespace kith
