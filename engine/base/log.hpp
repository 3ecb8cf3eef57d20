// SPDX-License-Identifier: Apache-2.0
// Logging of the edges (milter glue, learner loop, commands): one line, message first, then
// key=value with control characters escaped, so that hostile text can forge neither a line nor a
// field. Pure code does not log. Covered by tests/unit/base/log_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith {

enum class LogLevel { Debug, Info, Warning, Error };

/// Level called "debug", "info", "warning" or "error"; Info for anything else.
[[nodiscard]] LogLevel log_level_named(std::string_view name) noexcept;

/// One key=value of a log line; `value` may be any bytes.
struct LogField {
    std::string_view key;
    std::string value;
};

/// `value` with backslash, quote, invalid UTF-8 and what steers_display() (controls, line
/// separators, bidirectional and other format marks) written as \xHH, cut to `max_bytes`; in quotes
/// when it holds a blank, a quote, '=' or is empty.
[[nodiscard]] std::string log_escape(std::string_view value, std::size_t max_bytes = 256);

/// `value` on one line, safe for a terminal: as log_escape, but with quotes as they are and none
/// around.
[[nodiscard]] std::string line_escape(std::string_view value, std::size_t max_bytes);

/// `message key=value …` as it is written to the log; `message` is escaped too (it may carry an
/// Error's text).
[[nodiscard]] std::string log_line(std::string_view message, const std::vector<LogField>& fields);

enum class LogTarget { Syslog, Stderr };

/// Sets program name (syslog ident, facility mail), target and lowest level. Call once before
/// threads start.
void log_open(std::string_view program, LogTarget target, LogLevel lowest);

/// Writes one line. Thread-safe.
void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields = {});

}  // namespace kith
