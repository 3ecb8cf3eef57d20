// SPDX-License-Identifier: Apache-2.0
// The loop's time in the process: until a signal to end, or an exception that nobody below caught;
// and signals to reload meanwhile.
// Covered by tests/unit/intake/run_loop_test.cpp.
#pragma once

#include <signal.h>

#include <array>
#include <exception>
#include <functional>

#include "engine/intake/http_door.hpp"

namespace kith {

/// Signals that the loop's time is about; all threads of the process must block them.
inline constexpr std::array<int, 4> kLoopSignals = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

/// Serves until SIGTERM or SIGINT, and calls `reload` at SIGHUP and SIGUSR1 on a thread of its own,
/// so that reading files keeps no request waiting: what is to change is for the loop's thread
/// (post()). Exceptions of it and of the loop's handlers pass through.
/// REQUIRES: all threads of the process block kLoopSignals.
void run_until_signal(HttpLoop& loop, std::function<void()> reload);

/// Runs the work of a thread of its own; an exception that leaves it is thrown in the loop, which
/// ends with it: without that thread the service would do half of what it is there for.
void run_beside(HttpLoop& loop, const std::function<void()>& work);

}  // namespace kith
