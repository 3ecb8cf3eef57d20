// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/past_incidents.hpp"

#include <algorithm>
#include <utility>

namespace kith {

void end_if_over(AccountState& a, Time now) {
    AccountIncident& last = a.incident;
    if (last.id.empty() || last.closed != Time{} || last.is_open(now)) return;
    last.closed = last.last + AccountIncident::kKept;
    a.pending.clear();
}

void put_away_incident(AccountState& a) {
    if (!a.incident.id.empty()) {
        if (a.incident.closed == Time{})
            a.incident.closed = a.incident.last + AccountIncident::kKept;
        a.past.push_back(std::move(a.incident));
        bound_past_incidents(a);
    }
    a.incident = {};
}

void bound_past_incidents(AccountState& a) {
    if (a.past.size() > kMaxPastIncidents)
        a.past.erase(a.past.begin(), a.past.end() - static_cast<std::ptrdiff_t>(kMaxPastIncidents));
    std::size_t left = kMaxStepsOfPast;
    for (std::size_t i = a.past.size(); i-- > 0;) {
        auto& steps = a.past[i].steps;
        // i older ones come after this one, each with its least.
        const std::size_t most = std::min(kMaxPastSteps, left - kLeastPastSteps * i);
        if (steps.size() > most) {
            a.past[i].left_out += static_cast<std::uint32_t>(steps.size() - most);
            steps.resize(most);
        }
        left -= steps.size();
    }
}

std::size_t drop_incidents(AccountState& a, Time before, Time now) {
    std::size_t dropped =
        std::erase_if(a.past, [&](const AccountIncident& i) { return i.last < before; });
    // While it is open nothing of the account is learned: that must not end with what is kept.
    if (!a.incident.id.empty() && !a.incident.is_open(now) && a.incident.last < before) {
        end_if_over(a, now);
        a.incident = {};
        ++dropped;
    }
    return dropped;
}

const AccountIncident* incident_of(const AccountState& a, std::string_view id) noexcept {
    if (id.empty()) return nullptr;
    if (a.incident.id == id) return &a.incident;
    const auto found = std::find_if(a.past.begin(), a.past.end(),
                                    [&](const AccountIncident& i) { return i.id == id; });
    return found == a.past.end() ? nullptr : &*found;
}

bool ended_by_itself(const AccountIncident& i) noexcept {
    return i.closed == Time{} || i.closed == i.last + AccountIncident::kKept;
}

}  // namespace kith
