// SPDX-License-Identifier: Apache-2.0
// The loop's time in the process: until a signal to end, or an exception that nobody below caught.
// Covered by tests/unit/intake/run_loop_test.cpp.
#pragma once

#include <exception>
#include <functional>

#include "engine/intake/http_door.hpp"

namespace kith {

/// Serves until SIGTERM or SIGINT. REQUIRES: all threads of the process block both. Exceptions of
/// the loop's handlers pass through.
void run_until_signal(HttpLoop& loop);

/// Runs the work of a thread of its own; an exception that leaves it is thrown in the loop, which
/// ends with it: without that thread the service would do half of what it is there for.
void run_beside(HttpLoop& loop, const std::function<void()>& work);

}  // namespace kith
