// SPDX-License-Identifier: Apache-2.0
// When something really happened, though each host has a clock of its own and tells late. What
// comes from a host is at least as old as it was under way: the least age of its events is what its
// clock is wrong by. After an outage of the receiver old events come together, which the least age
// of the days before does not take for a wrong clock. Pure. One thread. Covered by
// tests/unit/accounts/host_clock_test.cpp.
#pragma once

#include <cstdint>

#include "engine/base/clock.hpp"

namespace kith {

class HostClock {
public:
    /// Clocks within this are right.
    static constexpr Seconds kRight{60};
    /// Least ages count for one to two of these.
    static constexpr Seconds kSpan{86400};
    /// An event that is older is taken as that old.
    static constexpr Seconds kOldest{30LL * 86400};
    /// So many events make an age believed.
    static constexpr std::uint32_t kEnough = 8;

    /// The time of an event that its host says was at `told` and that was written down here at
    /// `arrived`: never later than that, and at most kOldest earlier.
    [[nodiscard]] Time correct(Time told, Time arrived);
    /// What the host's clock is behind (> 0) or ahead by, as far as is known.
    [[nodiscard]] Seconds behind() const noexcept;

    // Stored as they are.
    std::int64_t least = 0, least_before = 0;  ///< seconds, of this span and the one before
    std::uint32_t events = 0, events_before = 0;
    Time since{};
};

}  // namespace kith
