// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/memory.hpp"

namespace kith {

double Memory::account_risk(const Key16&, Time) const { return 0; }

Allowances Memory::allowances(const Key16&) const { return {}; }

Key16 pair_key(const Key16& sender, const Key16& recipient) noexcept {
    // Both halves are keyed hashes already; mixing them unevenly keeps (a, b) and (b, a) apart.
    Key16 out;
    for (std::size_t i = 0; i < out.bytes.size(); ++i)
        out.bytes[i] = static_cast<std::uint8_t>(sender.bytes[i] * 31U +
                                                 recipient.bytes[(i + 5) % 16] * 17U + i);
    return out;
}

std::uint64_t circle_key(const Key16& recipient) noexcept {
    // Another half of the keyed hash than short32() shows, turned so that it is nobody's name.
    std::uint64_t x = 0;
    for (std::size_t i = 0; i < 8; ++i) x = x << 8 | recipient.bytes[i + 8];
    return ~x;
}

Key16 stored_key(Subject subject, const Key16& key) noexcept {
    Key16 out = key;
    out.bytes[15] =
        static_cast<std::uint8_t>((out.bytes[15] & 0xF8) | static_cast<std::uint8_t>(subject));
    return out;
}

}  // namespace kith
