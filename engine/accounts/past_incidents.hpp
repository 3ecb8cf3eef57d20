// SPDX-License-Identifier: Apache-2.0
// What is kept of an account's incidents that are over: the last ones, with the beginning of their
// stories. The account's record is written anew for each event, so the older an incident is, the
// less of its story stays. Pure. Covered by tests/unit/accounts/past_incidents_test.cpp.
#pragma once

#include <string_view>

#include "engine/accounts/state.hpp"

namespace kith {

/// Incidents before the last one; the oldest go.
inline constexpr std::size_t kMaxPastIncidents = 8;
/// Steps of one of them, of all of them, and what each has for sure.
inline constexpr std::size_t kMaxPastSteps = 32, kMaxStepsOfPast = 64, kLeastPastSteps = 4;

/// Nobody closed the last incident and it is over: then that is its end, and what led to it is
/// never learned.
void end_if_over(AccountState& account, Time now);

/// The last incident, which is over, becomes a past one; afterwards there is no last one.
void put_away_incident(AccountState& account);

/// Keeps the bounds above: of a story its first steps stay, the others are counted as left out.
void bound_past_incidents(AccountState& account);

/// Forgets incidents that are over whose last step is older than `before`. Returns how many.
std::size_t drop_incidents(AccountState& account, Time before, Time now);

/// The last one or a past one; nullptr when there is none of this id.
[[nodiscard]] const AccountIncident* incident_of(const AccountState& account,
                                                 std::string_view id) noexcept;

/// Its time ran out. Asked of an incident that is over.
[[nodiscard]] bool ended_by_itself(const AccountIncident& incident) noexcept;

}  // namespace kith
