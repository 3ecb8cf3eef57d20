// SPDX-License-Identifier: Apache-2.0
#include "engine/base/notify.hpp"

#include <cstdint>
#include <ctime>

#ifdef KITH_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace kith {
namespace {

#ifdef KITH_HAVE_SYSTEMD
void say(const std::string& state) { (void)::sd_notify(0, state.c_str()); }
#else
void say(const std::string&) {}
#endif

}  // namespace

void notify_ready(const std::string& status) { say("READY=1\nSTATUS=" + status); }

void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
    say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void notify_stopping() { say("STOPPING=1"); }
void notify_alive() { say("WATCHDOG=1"); }

std::optional<std::chrono::milliseconds> watchdog_interval() {
#ifdef KITH_HAVE_SYSTEMD
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) > 0)
        return std::chrono::milliseconds(microseconds / 2000);
#endif
    return std::nullopt;
}

void AliveTeller::tell() {
    if (!interval_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    notify_alive();
    next_ = now + *interval_;
}

}  // namespace kith
