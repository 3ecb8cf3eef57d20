// SPDX-License-Identifier: Apache-2.0
// Dovecot's HTTP API for administrators (service doveadm, inet_listener http): what is asked and
// what is answered, as looked at on the wire of Dovecot 2.3.19. Pure but for doveadm_post().
// Covered by tests/unit/intake/doveadm_test.cpp and, with a real Dovecot, by
// tests/e2e/accounts_test.py.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/intake/http_door.hpp"

namespace kith {

/// The text of a filter script of `account`.
[[nodiscard]] std::string sieve_get_command(const std::string& account, const std::string& script);
/// NoInput when there is no such script or account; Corrupt, or what Dovecot refused.
[[nodiscard]] Result<std::string> parse_sieve_get(std::string_view answer);

/// Ends the sessions of `account`. Usage for a name with a wildcard, which would end others' too.
[[nodiscard]] Result<std::string> kick_command(const std::string& account);
/// Ok as well when there was no session.
[[nodiscard]] Status parse_kick(std::string_view answer);

/// Sends a command to accounts.doveadm with the key of accounts.doveadm_key_file. Config when one
/// is missing, Permission when the key cannot be read or is wrong, Unavailable.
[[nodiscard]] Result<std::string> doveadm_post(const AccountOptions& options,
                                               const std::string& command,
                                               std::chrono::milliseconds time);

/// First line of a small file that holds a secret. NoInput, Permission, Io; Corrupt when it is
/// empty or longer than 1024 bytes.
[[nodiscard]] Result<std::string> read_token(const std::string& file);
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace kith
