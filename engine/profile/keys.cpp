// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/keys.hpp"

namespace kith {

std::string integer_key(std::uint64_t x) {
    std::string out(8, '\0');
    for (int i = 7; i >= 0; --i, x >>= 8)
        out[static_cast<std::size_t>(i)] = static_cast<char>(x & 0xFF);
    return out;
}

std::optional<std::uint64_t> decode_integer_key(std::string_view bytes) {
    if (bytes.size() != 8) return std::nullopt;
    std::uint64_t x = 0;
    for (const char c : bytes) x = x << 8 | static_cast<unsigned char>(c);
    return x;
}

std::string word_key(std::uint32_t word) { return integer_key(word).substr(4); }
std::string thread_alias_key(std::uint64_t message_id) { return "m" + integer_key(message_id); }
std::string thread_key(std::uint64_t root) { return "t" + integer_key(root); }
std::string delayed_key(std::uint64_t delay_key) { return "D" + integer_key(delay_key); }

}  // namespace kith
