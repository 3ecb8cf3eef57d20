// SPDX-License-Identifier: Apache-2.0
// Journeys that nobody makes: an account is used from two places that are too far apart for the
// time between. Pure. Covered by tests/unit/accounts/travel_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "engine/accounts/state.hpp"

namespace kith {

/// Faster than this, in km/h, nobody travels: an airliner with the wind behind it, from door to
/// door. Less than so many km are no journey: the points of databases are that uncertain.
inline constexpr double kFastestTravel = 1000, kLeastTravel = 500;

/// From another place to this one.
struct Travel {
    double km = 0;
    Seconds span{};    ///< between the two uses, whichever came first
    std::string from;  ///< country of the other place, else its network
};
[[nodiscard]] bool is_impossible(const Travel& travel) noexcept;
/// "14 minutes after it was used from BR, 9,600 km away".
[[nodiscard]] std::string travel_text(const Travel& travel);

/// Along the surface of a sphere: at most .6 % wrong.
[[nodiscard]] double distance_km(const GeoPoint& a, const GeoPoint& b) noexcept;

/// The impossible journey to where the account is used now that is the shortest ago. `here` is not
/// looked at; of the others only those with a point from which the account logged in or sent mail.
[[nodiscard]] std::optional<Travel> impossible_travel(const Sighting& seen, const Endpoint& here,
                                                      const AccountState& account);

}  // namespace kith
