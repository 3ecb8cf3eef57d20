// SPDX-License-Identifier: Apache-2.0
#include "engine/base/clock.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace kith {

std::string iso8601(Time t) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(to_unix(t))));
}

Seconds local_zone(Time t) {
    const auto since_epoch = static_cast<std::time_t>(to_unix(t));
    std::tm local{};
    ::localtime_r(&since_epoch, &local);
    return Seconds(local.tm_gmtoff);
}

Time SystemClock::now() const {
    return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

}  // namespace kith
