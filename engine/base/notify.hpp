// SPDX-License-Identifier: Apache-2.0
// Words to the service manager (sd_notify). Without libsystemd, or outside a Type=notify unit,
// nothing happens.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace kith {

void notify_ready(const std::string& status);
/// RELOADING=1 with the time stamp that systemd wants; notify_ready() ends it.
void notify_reloading();
void notify_stopping();
void notify_alive();
/// Half of the watchdog's interval, when the unit has one.
[[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval();

/// What work that may take long calls on its way, as often as once a record. Never empty.
using Alive = std::function<void()>;
/// Calls notify_alive() in time, however often it is asked. One thread.
class AliveTeller {
public:
    void tell();

private:
    const std::optional<std::chrono::milliseconds> interval_ = watchdog_interval();
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
};

}  // namespace kith
