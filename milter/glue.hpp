// SPDX-License-Identifier: Apache-2.0
// The door to libmilter: glue.cpp is the only file with smfi_* and the only includer of
// libmilter/mfapi.h. It translates callbacks into calls of a Session and carries out the Plan that
// comes back. Covered by tests/protocol/.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.hpp"
#include "milter/session.hpp"

namespace kith::milter {

/// Registers the filter and opens its socket (see socket_guard.hpp for what comes before and
/// after). Once per process: libmilter keeps its state in globals and gives callbacks no pointer of
/// ours until a session exists.
[[nodiscard]] Status open_milter(const std::string& socket_spec,
                                 std::shared_ptr<Services> services);

/// Serves until stop_milter(). Returns while threads of libmilter may still run: leave with _exit
/// after waiting for Counters::open_messages. Unavailable when libmilter gave up by itself.
[[nodiscard]] Status run_milter();

/// Makes run_milter() return. Thread-safe. Connections that are open are left to the end of the
/// process.
void stop_milter() noexcept;

}  // namespace kith::milter
