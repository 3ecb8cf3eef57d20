// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/travel.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "engine/accounts/explain.hpp"

namespace kith {
namespace {

constexpr double kEarthRadius = 6371;

/// Two digits say all that such a distance is worth: "9,600".
std::string round_number(double km) {
    const double unit = km >= 1000 ? 100 : 10;
    const auto n = static_cast<unsigned>(unit * std::round(km / unit));
    const std::string digits = std::to_string(n % 1000);
    return n < 1000 ? digits
                    : std::to_string(n / 1000) + "," + std::string(3 - digits.size(), '0') + digits;
}

}  // namespace

bool is_impossible(const Travel& t) noexcept {
    const double hours = static_cast<double>(t.span.count()) / 3600;
    return t.km >= kLeastTravel && t.km > kFastestTravel * hours;
}

std::string travel_text(const Travel& t) {
    return span_text(t.span) + " after it was used from " + t.from + ", " + round_number(t.km) +
           " km away";
}

double distance_km(const GeoPoint& a, const GeoPoint& b) noexcept {
    const auto radians = [](float degrees) {
        return static_cast<double>(degrees) * std::numbers::pi / 180;
    };
    const double north = std::sin((radians(b.latitude) - radians(a.latitude)) / 2);
    const double east = std::sin((radians(b.longitude) - radians(a.longitude)) / 2);
    const double half =
        north * north + std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) * east * east;
    return 2 * kEarthRadius * std::asin(std::sqrt(std::clamp(half, 0.0, 1.0)));
}

std::optional<Travel> impossible_travel(const Sighting& seen, const Endpoint& here,
                                        const AccountState& account) {
    std::optional<Travel> out;
    if (!seen.place.point) return out;
    for (const Endpoint& e : account.endpoints) {
        if (&e == &here || !e.point || e.used == Time{}) continue;
        Travel t{distance_km(*e.point, *seen.place.point), std::chrono::abs(seen.time - e.used),
                 e.country.empty() ? e.words : e.country};
        if (is_impossible(t) && (!out || t.span < out->span)) out = std::move(t);
    }
    return out;
}

}  // namespace kith
