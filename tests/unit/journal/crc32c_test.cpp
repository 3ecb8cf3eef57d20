// SPDX-License-Identifier: Apache-2.0
#include "engine/base/crc32c.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace {

// One bit at a time, straight from the definition; only for comparison.
std::uint32_t slow_crc32c(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82F63B78U & (0U - (crc & 1U)));
    }
    return ~crc;
}

}  // namespace

TEST_CASE("CRC-32C has the published sums") {
    CHECK(kith::crc32c("") == 0U);
    CHECK(kith::crc32c("123456789") == 0xE3069283U);              // the catalogue's check value
    CHECK(kith::crc32c(std::string(32, '\0')) == 0x8A9136AAU);    // RFC 3720 B.4
    CHECK(kith::crc32c(std::string(32, '\xff')) == 0x62A8AB43U);  // RFC 3720 B.4
}

TEST_CASE("CRC-32C by tables equals CRC-32C by bits at every length and alignment") {
    std::string bytes;
    for (int i = 0; i < 100; ++i) bytes += static_cast<char>(i * 37 + 11);
    for (std::size_t from = 0; from < 9; ++from)
        for (std::size_t n = 0; from + n <= bytes.size(); ++n) {
            const std::string_view piece = std::string_view(bytes).substr(from, n);
            REQUIRE(kith::crc32c(piece) == slow_crc32c(piece));
        }
}

TEST_CASE("CRC-32C of pieces in turn is that of the whole") {
    const std::string_view whole = "the quick brown fox jumps over the lazy dog";
    for (std::size_t cut = 0; cut <= whole.size(); ++cut)
        REQUIRE(kith::crc32c(whole.substr(cut), kith::crc32c(whole.substr(0, cut))) ==
                kith::crc32c(whole));
}
