// SPDX-License-Identifier: Apache-2.0
// Writes small databases in MaxMind's format, for tests of who reads them: networks of the
// documentation with what is made up about them. After the specification of the format, version
// 2.0 (https://maxmind.github.io/MaxMind-DB/), not after any reader; the same calls give the same
// bytes.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::test {

/// Bytes of one value in the data section.
namespace mmdb {

/// Control byte(s) of a type and a size below 285.
inline std::string control(unsigned type, std::size_t size) {
    if (size >= 285) throw std::invalid_argument("larger than a test needs");
    const auto low = static_cast<unsigned>(size < 29 ? size : 29);
    std::string out;
    if (type <= 7) {
        out += static_cast<char>(type << 5U | low);
    } else {  // extended: the type follows
        out += static_cast<char>(low);
        out += static_cast<char>(type - 7);
    }
    if (size >= 29) out += static_cast<char>(size - 29);
    return out;
}
inline std::string big_endian(std::uint64_t x, std::size_t bytes) {
    std::string out(bytes, '\0');
    for (std::size_t i = bytes; i-- > 0; x >>= 8U) out[i] = static_cast<char>(x & 0xFFU);
    return out;
}
inline std::string text(std::string_view s) { return control(2, s.size()) + std::string(s); }
inline std::string number(double x) {
    return control(3, 8) + big_endian(std::bit_cast<std::uint64_t>(x), 8);
}
inline std::string single(float x) {
    return control(15, 4) + big_endian(std::bit_cast<std::uint32_t>(x), 4);
}
inline std::string uint16(std::uint16_t x) { return control(5, 2) + big_endian(x, 2); }
inline std::string uint32(std::uint32_t x) { return control(6, 4) + big_endian(x, 4); }
inline std::string uint64(std::uint64_t x) { return control(9, 8) + big_endian(x, 8); }
inline std::string map(const std::vector<std::pair<std::string, std::string>>& entries) {
    std::string out = control(7, entries.size());
    for (const auto& [key, value] : entries) out += text(key) + value;
    return out;
}
inline std::string array(const std::vector<std::string>& values) {
    std::string out = control(11, values.size());
    for (const std::string& v : values) out += v;
    return out;
}

/// A record as GeoLite2-ASN has it.
inline std::string asn(std::uint32_t number) {
    return map({{"autonomous_system_number", uint32(number)},
                {"autonomous_system_organization", text("Example Net")}});
}
/// Records as GeoLite2-Country and -City have them.
inline std::string country(std::string_view code) {
    return map({{"country", map({{"geoname_id", uint32(7)}, {"iso_code", text(code)}})}});
}
inline std::string city(std::string_view code, double latitude, double longitude,
                        std::uint16_t radius = 20) {
    return map({{"country", map({{"iso_code", text(code)}})},
                {"location", map({{"accuracy_radius", uint16(radius)},
                                  {"latitude", number(latitude)},
                                  {"longitude", number(longitude)}})}});
}

}  // namespace mmdb

/// One database. IPv6 trees have IPv4 below ::/96, as the real ones.
class MmdbWriter {
public:
    explicit MmdbWriter(std::string type, unsigned ip_version = 6)
        : type_(std::move(type)), ip_version_(ip_version) {}

    /// `network`: "192.0.2.0/24", "2001:db8::/32". No network inside another.
    MmdbWriter& add(const std::string& network, const std::string& record) {
        const auto slash = network.find('/');
        const std::string address = network.substr(0, slash);
        auto length = static_cast<unsigned>(std::stoul(network.substr(slash + 1)));
        std::array<unsigned char, 16> bits{};
        if (address.find(':') == std::string::npos) {
            const std::size_t at = ip_version_ == 6 ? 12 : 0;
            if (::inet_pton(AF_INET, address.c_str(), bits.data() + at) != 1)
                throw std::invalid_argument(network);
            length += static_cast<unsigned>(8 * at);
        } else if (ip_version_ != 6 || ::inet_pton(AF_INET6, address.c_str(), bits.data()) != 1) {
            throw std::invalid_argument(network);
        }
        std::size_t node = 0;
        for (unsigned i = 0; i + 1 < length; ++i) {
            const std::size_t side = bits[i / 8] >> (7 - i % 8) & 1U;
            if (nodes_[node][side] == kEmpty) {
                nodes_[node][side] = static_cast<std::int64_t>(nodes_.size());
                nodes_.push_back({kEmpty, kEmpty});
            }
            if (nodes_[node][side] < 0) throw std::invalid_argument(network + " overlaps");
            node = static_cast<std::size_t>(nodes_[node][side]);
        }
        const unsigned last = length - 1;
        nodes_[node][bits[last / 8] >> (7 - last % 8) & 1U] =
            kData - static_cast<std::int64_t>(data_.size());
        data_ += record;
        return *this;
    }

    [[nodiscard]] std::string bytes() const {
        const std::size_t count = nodes_.size();
        std::string out;
        for (const auto& node : nodes_)
            for (const std::int64_t child : node) {
                const std::uint64_t value =
                    child >= 0        ? static_cast<std::uint64_t>(child)
                    : child == kEmpty ? count
                                      : count + 16 + static_cast<std::uint64_t>(kData - child);
                out += mmdb::big_endian(value, 3);
            }
        out += std::string(16, '\0') + data_;
        out += "\xAB\xCD\xEFMaxMind.com";
        return out +
               mmdb::map({{"node_count", mmdb::uint32(static_cast<std::uint32_t>(count))},
                          {"record_size", mmdb::uint16(24)},
                          {"ip_version", mmdb::uint16(static_cast<std::uint16_t>(ip_version_))},
                          {"database_type", mmdb::text(type_)},
                          {"languages", mmdb::array({mmdb::text("en")})},
                          {"binary_format_major_version", mmdb::uint16(2)},
                          {"binary_format_minor_version", mmdb::uint16(0)},
                          {"build_epoch", mmdb::uint64(1'767'571'200)},  // 2026-01-05
                          {"description", mmdb::map({{"en", mmdb::text("made up")}})}});
    }

private:
    static constexpr std::int64_t kEmpty = -1, kData = -2;  // data at d: kData - d
    const std::string type_;
    const unsigned ip_version_;
    std::vector<std::array<std::int64_t, 2>> nodes_{{kEmpty, kEmpty}};
    std::string data_;
};

/// A City database: 192.0.2.0/24 in Berlin, 198.51.100.0/24 in São Paulo, 203.0.113.0/24 in Vienna
/// (524 km from Berlin), 2001:db8::/32 in Tokyo.
inline std::string city_database() {
    return MmdbWriter("Example-City")
        .add("192.0.2.0/24", mmdb::city("DE", 52.52, 13.405))
        .add("198.51.100.0/24", mmdb::city("BR", -23.55, -46.633))
        .add("203.0.113.0/24", mmdb::city("AT", 48.2082, 16.3738))
        .add("2001:db8::/32", mmdb::city("JP", 35.6762, 139.6503))
        .bytes();
}

/// An ASN database of the same networks, AS64496 to AS64499.
inline std::string asn_database() {
    return MmdbWriter("Example-ASN")
        .add("192.0.2.0/24", mmdb::asn(64496))
        .add("198.51.100.0/24", mmdb::asn(64497))
        .add("203.0.113.0/24", mmdb::asn(64498))
        .add("2001:db8::/32", mmdb::asn(64499))
        .bytes();
}

}  // namespace kith::test
