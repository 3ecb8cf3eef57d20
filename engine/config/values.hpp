// SPDX-License-Identifier: Apache-2.0
// Texts of configuration values and back: durations, sizes, numbers, sockets, networks, domains.
// Each function is total and strict: what it does not take whole it refuses, with the reason an
// admin can act on. Pure. Covered by tests/unit/config/values_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// `text` for a message: escaped, cut, in quotes.
[[nodiscard]] std::string quote_value(std::string_view text);

/// Decimal digits only (no sign, no 0x, no leading zero, which YAML 1.1 would read as octal).
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);
/// Finite decimal number; no NaN, no infinity, no hexadecimal.
[[nodiscard]] Result<double> parse_number(std::string_view text);
/// "true" or "false".
[[nodiscard]] Result<bool> parse_bool(std::string_view text);
/// Whole number of bytes, with or without B, KiB, MiB, GiB or TiB.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
/// Whole number with the unit s, m, h, d or w; at most 100 years. A unit is needed, except after 0.
[[nodiscard]] Result<Seconds> parse_duration(std::string_view text);
/// "2026-03-01": the beginning of the day, UTC.
[[nodiscard]] Result<Time> parse_day(std::string_view text);
[[nodiscard]] std::string print_size(std::uint64_t bytes);
[[nodiscard]] std::string print_duration(Seconds duration);

/// One line of text without control characters, at most 1024 bytes.
[[nodiscard]] Result<std::string> parse_text(std::string_view text);
/// Absolute file name, not longer than the system takes.
[[nodiscard]] Result<std::string> parse_path(std::string_view text);
/// libmilter's notation; checks the length of a Unix socket's name (sun_path) and the address.
[[nodiscard]] Result<std::string> parse_socket(std::string_view text);
/// Address or network in CIDR notation without bits behind the prefix.
[[nodiscard]] Result<std::string> parse_network(std::string_view text);
/// Domain in lower case; neither an address nor a pattern.
[[nodiscard]] Result<std::string> parse_domain(std::string_view text);
/// local-part@domain as a command and a header field take it without quotes; at most 320 bytes.
[[nodiscard]] Result<std::string> parse_mail_address(std::string_view text);
/// http:// or https:// and printable ASCII without blanks; no user name in it.
[[nodiscard]] Result<std::string> parse_url(std::string_view text);
/// One word in lower case: an authserv-id (RFC 8601 section 2.2).
[[nodiscard]] Result<std::string> parse_name(std::string_view text);

}  // namespace kith
