// SPDX-License-Identifier: Apache-2.0
// What a database of addresses says of one: whose network, which country, roughly where. Plain
// data; engine/geo looks it up, journal and accounts keep it.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

/// Degrees, north and east.
struct GeoPoint {
    float latitude = 0, longitude = 0;
    bool operator==(const GeoPoint&) const = default;
};

/// Nothing in it: nothing is known.
struct GeoPlace {
    std::uint32_t asn = 0;          ///< number of the autonomous system; 0 = not known
    std::string country;            ///< ISO 3166, "DE"; "" = not known
    std::optional<GeoPoint> point;  ///< of the town at best
    bool operator==(const GeoPlace&) const = default;
};

[[nodiscard]] constexpr bool is_country(std::string_view text) noexcept {
    const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
    return text.size() == 2 && letter(text[0]) && letter(text[1]);
}

/// False for what is no place on earth: NaN, infinities, degrees out of range.
[[nodiscard]] inline bool is_on_earth(double latitude, double longitude) noexcept {
    return std::abs(latitude) <= 90 && std::abs(longitude) <= 180;
}

/// The point, unless one of its coordinates is missing or it is nowhere on earth.
template <class Number>
[[nodiscard]] std::optional<GeoPoint> geo_point(const Number& latitude, const Number& longitude) {
    if (!latitude || !longitude ||
        !is_on_earth(static_cast<double>(*latitude), static_cast<double>(*longitude)))
        return std::nullopt;
    return GeoPoint{static_cast<float>(*latitude), static_cast<float>(*longitude)};
}

}  // namespace kith
