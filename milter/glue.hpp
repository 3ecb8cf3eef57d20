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

/// Serves for the life of the process: it returns only when libmilter stops by itself (Unavailable
/// when it gave up). To end, wait for Counters::open_messages and leave with _exit; libmilter's
/// threads may be anywhere.
[[nodiscard]] Status run_milter();

}  // namespace kith::milter
