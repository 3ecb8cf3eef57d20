// SPDX-License-Identifier: Apache-2.0
#include "engine/base/clock.hpp"

#include <fmt/chrono.h>

namespace kith {

std::string iso8601(Time t) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(to_unix(t))));
}

Time SystemClock::now() const {
    return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

}  // namespace kith
