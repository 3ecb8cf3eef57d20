// SPDX-License-Identifier: Apache-2.0
// Time enters the engine as a parameter; only programs read a clock. Event time has whole seconds,
// as mail has.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kith {

/// Event time: seconds since the Unix epoch, UTC.
using Time = std::chrono::sys_seconds;
using Seconds = std::chrono::seconds;

[[nodiscard]] inline std::int64_t to_unix(Time t) noexcept { return t.time_since_epoch().count(); }
[[nodiscard]] inline Time from_unix(std::int64_t s) noexcept { return Time(Seconds(s)); }
/// Days (floating) from `a` to `b`; negative when `b` is earlier.
[[nodiscard]] inline double days_between(Time a, Time b) noexcept {
    return static_cast<double>((b - a).count()) / 86400.0;
}
/// Whole days since the Unix epoch.
[[nodiscard]] inline std::int32_t day_number(Time t) noexcept {
    return static_cast<std::int32_t>(
        std::chrono::floor<std::chrono::days>(t).time_since_epoch().count());
}
/// "2026-03-01T12:34:56Z".
[[nodiscard]] std::string iso8601(Time t);

/// What this machine's local time is east of UTC at `t`. Thread-safe.
[[nodiscard]] Seconds local_zone(Time t);

/// The outside world's time, for programs; tests pass a fake.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

/// The system's clock. Thread-safe.
class SystemClock final : public Clock {
public:
    [[nodiscard]] Time now() const override;
};

}  // namespace kith
