// SPDX-License-Identifier: Apache-2.0
// What must be right about the milter's socket before libmilter binds it: its name, that no other
// kith-milter serves it, that a stale file is gone, and afterwards who may connect, that small
// replies leave at once and that nobody waits at it for long. libmilter itself would remove the
// live socket of a running instance. Covered by tests/unit/milter/socket_guard_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith::milter {

struct SocketSpec {
    bool is_unix = false;
    std::string path;  ///< of a Unix socket
    std::string spec;  ///< as libmilter takes it
};

/// unix:PATH, local:PATH, a bare absolute path, inet:PORT@ADDRESS or inet6:PORT@ADDRESS. Config:
/// anything else, and a path too long for the kernel (108 bytes with its end).
[[nodiscard]] Result<SocketSpec> parse_socket(std::string_view text);

/// Longest path of a Unix socket.
inline constexpr std::size_t kMaxSocketPath = 107;

/// Sole right to the socket: an flock on PATH.lock, held by the descriptor for the life of the
/// process. Empty for TCP, where bind itself refuses a second instance. Unavailable: another
/// instance holds it; Io: the lock file cannot be made.
[[nodiscard]] Result<UniqueFd> lock_socket(const SocketSpec& spec);

/// Removes a socket file nobody serves. REQUIRES the lock. Config when something else than a socket
/// has that name.
[[nodiscard]] Status remove_stale_socket(const SocketSpec& spec);

/// Gives the bound Unix socket to `group` (mode 0660). Ok and nothing done when `group` is "".
/// NoInput: no such group; Permission: the process may not give it away. A failure leaves it 0660
/// with the process's own group.
[[nodiscard]] Status share_socket(const SocketSpec& spec, const std::string& group);

/// The listening socket of this process that serves `spec`, or -1. For programs that let a library
/// open it.
[[nodiscard]] int find_listener(const SocketSpec& spec);

/// Switches Nagle's algorithm off on a TCP listener; Linux hands the setting on to every accepted
/// connection. libmilter writes each header change as a segment of its own and offers no socket
/// option: with Nagle the second one waits for the MTA's delayed acknowledgement, 40 ms for every
/// message. True when set; false for a Unix socket.
[[nodiscard]] bool disable_nagle(int listener);

/// Connects to `listener` of this process and hangs up; nothing when that cannot be done at once.
/// libmilter's worker pool (Debian builds it in) gives two clients that come at the same moment to
/// its one idle thread: the second then waits until any thread has finished with its client, which
/// one in the middle of a packet or of an answer that is not read may take for half an hour. The
/// thread that sees this connection end looks for such clients.
void knock(int listener) noexcept;

}  // namespace kith::milter
