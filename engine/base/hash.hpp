// SPDX-License-Identifier: Apache-2.0
// Keyed hashes. Everything kith remembers about people is stored under hashes keyed with the site's
// own secret, so that no address lies about in the store and nobody outside can compute a
// collision. The only includer of libsodium. Covered by tests/unit/base/hash_test.cpp.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"

namespace kith {

/// 16-byte key of a record in the store (SipHash-2-4-128 of a name under the site's secret).
/// Persistent.
struct Key16 {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const Key16&) const = default;
    [[nodiscard]] std::string_view view() const noexcept {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    /// First 32 bits, never 0: short form for lists where a rare collision does no harm.
    [[nodiscard]] std::uint32_t short32() const noexcept {
        const std::uint32_t x = static_cast<std::uint32_t>(bytes[0]) << 24 |
                                static_cast<std::uint32_t>(bytes[1]) << 16 |
                                static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
        return x == 0 ? 1 : x;
    }
    [[nodiscard]] bool is_null() const noexcept { return *this == Key16{}; }
};

/// Hasher bound to a site's secret. Immutable, const-safe.
class Hasher {
public:
    static constexpr std::size_t kSecretBytes = 16;
    using Secret = std::array<std::uint8_t, kSecretBytes>;

    explicit Hasher(const Secret& secret) noexcept : secret_(secret) {}

    /// 64-bit hash; `domain` separates uses (the same text as a word and as a host hashes
    /// differently).
    [[nodiscard]] std::uint64_t hash64(std::string_view domain,
                                       std::string_view text) const noexcept;
    /// Low 32 bits of `hash64`; never 0, so that 0 can mean "none". Collision of two given values:
    /// 2^-32.
    [[nodiscard]] std::uint32_t hash32(std::string_view domain,
                                       std::string_view text) const noexcept;
    [[nodiscard]] Key16 key(std::string_view domain, std::string_view text) const noexcept;

private:
    Secret secret_;
};

/// SHA-256 (FIPS 180-4), unkeyed: for check digits of public formats, never for what is stored.
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view bytes) noexcept;

/// BLAKE2b-256 of "domain NUL bytes", keyed with the site's secret: where a collision that somebody
/// looks for must not be found, for chains and tokens.
[[nodiscard]] std::array<std::uint8_t, 32> keyed_digest(const Hasher::Secret& secret,
                                                        std::string_view domain,
                                                        std::string_view bytes) noexcept;

/// The site's secret from `path` (exactly 16 bytes). Errors: NoInput when missing, Corrupt on
/// another size, Io.
[[nodiscard]] Result<Hasher::Secret> read_secret(const std::string& path);
/// Reads the secret or, when there is none, creates it (mode 0640, for the owner of its directory;
/// atomically: never overwrites one that appeared meanwhile).
[[nodiscard]] Result<Hasher::Secret> read_or_create_secret(const std::string& path);

}  // namespace kith

template <>
struct std::hash<kith::Key16> {
    std::size_t operator()(const kith::Key16& k) const noexcept {
        std::uint64_t x = 0;
        for (int i = 0; i < 8; ++i) x = x << 8 | k.bytes[static_cast<std::size_t>(i)];
        return static_cast<std::size_t>(x);
    }
};
