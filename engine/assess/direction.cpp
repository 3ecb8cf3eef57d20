// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/direction.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "engine/base/text.hpp"

namespace kith {
namespace {

/// 16 bytes; IPv4 as v4-mapped.
std::optional<std::array<std::uint8_t, 16>> address_bytes(std::string_view text) {
    std::array<std::uint8_t, 16> out{};
    const std::string s(text);
    if (inet_pton(AF_INET6, s.c_str(), out.data()) == 1) return out;
    out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
    if (inet_pton(AF_INET, s.c_str(), out.data() + 12) == 1) return out;
    return std::nullopt;
}

}  // namespace

std::string lower_domain(std::string_view address) {
    return utf8_lower(scrub_utf8(domain_of(address)));
}

bool in_networks(std::string_view address, const std::vector<std::string>& networks) {
    const auto bytes = address_bytes(address);
    if (!bytes) return false;
    for (const auto& network : networks) {
        const auto slash = network.find('/');
        const std::string_view base = std::string_view(network).substr(0, slash);
        const auto base_bytes = address_bytes(base);
        if (!base_bytes) continue;
        const bool v4 = base.find(':') == std::string_view::npos;
        unsigned bits = v4 ? 32 : 128;
        if (slash != std::string::npos) {
            const std::string_view digits = std::string_view(network).substr(slash + 1);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), bits);
            if (error != std::errc{} || end != digits.data() + digits.size() ||
                bits > (v4 ? 32U : 128U))
                continue;
        }
        if (v4) bits += 96;
        const std::size_t whole = bits / 8;
        const auto mask = static_cast<std::uint8_t>(0xFF00U >> bits % 8);
        if (std::memcmp(bytes->data(), base_bytes->data(), whole) == 0 &&
            (bits % 8 == 0 || (((*bytes)[whole] ^ (*base_bytes)[whole]) & mask) == 0))
            return true;
    }
    return false;
}

bool is_own_domain(std::string_view domain, const SiteOptions& site) {
    const std::string lower = ascii_lower(domain);
    return std::any_of(site.domains.begin(), site.domains.end(),
                       [&](const std::string& own) { return is_domain_or_below(lower, own); });
}

Direction direction_of(const Arrival& arrival, const SiteOptions& site) {
    const bool own_sender = is_own_domain(domain_of(arrival.mail_from), site);
    const bool submitted = arrival.auth_user.has_value() ||
                           (own_sender && in_networks(arrival.client_addr, site.networks));
    if (!submitted) return Direction::Inbound;
    const bool all_own =
        !arrival.rcpts.empty() &&
        std::all_of(arrival.rcpts.begin(), arrival.rcpts.end(),
                    [&](const std::string& r) { return is_own_domain(domain_of(r), site); });
    return all_own ? Direction::Internal : Direction::Outbound;
}

}  // namespace kith
