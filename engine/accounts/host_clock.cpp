// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/host_clock.hpp"

#include <algorithm>

namespace kith {

Seconds HostClock::behind() const noexcept {
    if (events + events_before < kEnough) return Seconds{0};
    std::int64_t age = events > 0 ? least : least_before;
    if (events > 0 && events_before > 0) age = std::min(age, least_before);
    return age > kRight.count() || age < -kRight.count() ? Seconds{age} : Seconds{0};
}

Time HostClock::correct(Time told, Time arrived) {
    if (arrived - since > kSpan) {
        const bool gap = arrived - since > 2 * kSpan && events == 0;
        least_before = least;
        events_before = gap ? 0 : events;
        least = 0;
        events = 0;
        since = arrived;
    }
    const std::int64_t age =
        std::clamp<std::int64_t>((arrived - told).count(), -kOldest.count(), kOldest.count());
    least = events == 0 ? age : std::min(least, age);
    events = std::min<std::uint32_t>(events + 1, 1U << 30);
    return std::clamp(told + behind(), arrived - kOldest, arrived);
}

}  // namespace kith
