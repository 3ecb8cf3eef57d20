// SPDX-License-Identifier: Apache-2.0
// The dullest way to count: keep the whole history and recompute everything from it, in double
// precision. What engine/profile/profile.hpp does incrementally must agree with it.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/model/surprise.hpp"
#include "engine/profile/profile.hpp"

namespace kith::test {

/// History of one feature of one subject. No bound on its values. One thread.
class ReferenceCounts {
public:
    ReferenceCounts(double half_life_days, unsigned daily_cap)
        : half_life_days_(half_life_days), daily_cap_(daily_cap) {}

    void add(std::uint32_t value, Time now) { history_.push_back({value, now}); }

    /// Every mail that counted (the first `daily_cap` of a value and day), each halved for every
    /// half-life since.
    [[nodiscard]] std::map<std::uint32_t, double> counts(Time now) const {
        std::map<std::pair<std::uint32_t, std::int32_t>, unsigned> of_day;
        std::map<std::uint32_t, double> out;
        for (const auto& [value, time] : history_)
            if (++of_day[{value, day_number(time)}] <= daily_cap_)
                out[value] += std::exp2(-days_between(time, now) / half_life_days_);
        return out;
    }
    [[nodiscard]] Standing standing(std::uint32_t value, Time now) const {
        Standing s;
        const auto all = counts(now);
        const auto own = all.find(value);
        for (const auto& [v, c] : all) {
            s.n += c;
            s.t += 1;
            if (own == all.end()) continue;
            s.seen = true;
            if (std::abs(c - own->second) < 1e-4 * own->second)
                s.equal += c;
            else if (c < own->second)
                s.below += c;
        }
        return s;
    }

private:
    struct Event {
        std::uint32_t value;
        Time time;
    };
    double half_life_days_;
    unsigned daily_cap_;
    std::vector<Event> history_;
};

}  // namespace kith::test
