// SPDX-License-Identifier: Apache-2.0
// The most memory a process had in use, for tests of bounds on it.
#pragma once

#include <malloc.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/sanitizer.hpp"

namespace kith::test {

/// A sanitizer's own bookkeeping is in use, too: only without one does memory say what kith takes.
#ifdef KITH_SANITIZER
inline constexpr bool kMemoryTells = false;
#else
inline constexpr bool kMemoryTells = true;
#endif

/// The number behind `name` ("VmHWM:", in kB) in /proc/PID/status; 0 when there is none.
inline std::size_t number_of_status(const std::string& pid, std::string_view name) {
    std::size_t found = 0;
    std::ifstream status("/proc/" + pid + "/status");
    for (std::string word; status >> word;)
        if (word == name) status >> found;
    return found;
}

/// By how many MB memory grew at most while `work` ran, in a process of its own: a peak of what ran
/// before cannot hide it. nullopt when `work` ended the process or returned false.
inline std::optional<std::size_t> peak_growth_mb(const std::function<bool()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) return std::nullopt;
    ::malloc_trim(0);  // else `work` takes what was freed here, and nothing seems to grow
    const pid_t pid = ::fork();
    if (pid < 0) return std::nullopt;
    if (pid == 0) {
        const std::size_t before = number_of_status("self", "VmRSS:");
        const bool done = work();
        const std::size_t grown = number_of_status("self", "VmHWM:") - before;
        if (done && ::write(ends[1], &grown, sizeof grown) == sizeof grown) ::_exit(0);
        ::_exit(1);
    }
    ::close(ends[1]);
    std::size_t grown = 0;
    const bool told = ::read(ends[0], &grown, sizeof grown) == sizeof grown;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return told && status == 0 ? std::optional(grown / 1024) : std::nullopt;
}

}  // namespace kith::test
