// SPDX-License-Identifier: Apache-2.0
// See log.hpp. A line is made whole and written with one call, so that lines of several threads and
// processes do not mix.
#include "engine/base/log.hpp"

#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "engine/base/text.hpp"

namespace kith {
namespace {

/// Bytes of a line's message at most; with a dozen fields of 256 bytes the line stays below the 8
/// KiB that rsyslog and journald take whole.
constexpr std::size_t kMaxMessageBytes = 1024;

struct Sink {
    std::mutex mutex;
    std::string program = "kith";  ///< openlog(3) keeps a pointer to it
    LogTarget target = LogTarget::Stderr;
    std::atomic<int> lowest{static_cast<int>(LogLevel::Info)};
};

/// Process-wide because syslog(3) is; written by log_open before threads start.
Sink& sink() {
    // Never destroyed: detached threads log until the process is gone.
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory)
    static auto* const instance = new Sink;
    return *instance;
}

int syslog_priority(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::Debug:
            return LOG_DEBUG;
        case LogLevel::Info:
            return LOG_INFO;
        case LogLevel::Warning:
            return LOG_WARNING;
        case LogLevel::Error:
            return LOG_ERR;
    }
    return LOG_ERR;
}

std::string_view level_name(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::Debug:
            return "debug";
        case LogLevel::Info:
            return "info";
        case LogLevel::Warning:
            return "warning";
        case LogLevel::Error:
            return "error";
    }
    return "error";
}

bool needs_quotes(std::string_view value) noexcept {
    return value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
}

void append_hex(std::string& out, unsigned char byte) {
    static constexpr char kDigits[] = "0123456789abcdef";
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
}

/// Bytes of the valid UTF-8 sequence that begins `s`, 0 when it is not one (RFC 3629 table 3-7 by
/// way of is_valid_utf8).
std::size_t utf8_sequence_bytes(std::string_view s) noexcept {
    const auto lead = static_cast<unsigned char>(s.front());
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return n <= s.size() && is_valid_utf8(s.substr(0, n)) ? n : 0;
}

/// `value` with everything escaped that could forge or hide a part of a line; `quotes` too, when it
/// stands in quotes.
std::string escape(std::string_view value, std::size_t max_bytes, bool quotes) {
    std::string out;
    while (!value.empty()) {
        const auto byte = static_cast<unsigned char>(value.front());
        const std::size_t sequence = utf8_sequence_bytes(value);
        const std::size_t n = sequence == 0 ? 1 : sequence;
        std::string piece(value.substr(0, n));
        if (sequence == 0 || byte == '\\' || (quotes && byte == '"') || steers_display(piece)) {
            piece.clear();
            for (const char c : value.substr(0, n))
                append_hex(piece, static_cast<unsigned char>(c));
        }
        if (out.size() + piece.size() > max_bytes) break;
        out += piece;
        value.remove_prefix(n);
    }
    return out;
}

}  // namespace

std::string log_escape(std::string_view value, std::size_t max_bytes) {
    const std::string escaped = escape(value, max_bytes, true);
    return needs_quotes(value) ? '"' + escaped + '"' : escaped;
}

std::string line_escape(std::string_view value, std::size_t max_bytes) {
    return escape(value, max_bytes, false);
}

std::string log_line(std::string_view message, const std::vector<LogField>& fields) {
    std::string out = escape(message, kMaxMessageBytes, false);
    for (const LogField& field : fields) {
        out += ' ';
        out += field.key;
        out += '=';
        out += log_escape(field.value);
    }
    return out;
}

void log_open(std::string_view program, LogTarget target, LogLevel lowest) {
    Sink& s = sink();
    const std::lock_guard lock(s.mutex);
    s.program = program;
    s.target = target;
    s.lowest = static_cast<int>(lowest);
    // On standard error also what a library says to syslog(3).
    ::openlog(s.program.c_str(), LOG_PID | (target == LogTarget::Syslog ? LOG_NDELAY : LOG_PERROR),
              LOG_MAIL);
}

LogLevel log_level_named(std::string_view name) noexcept {
    if (name == "debug") return LogLevel::Debug;
    if (name == "warning") return LogLevel::Warning;
    if (name == "error") return LogLevel::Error;
    return LogLevel::Info;
}

void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
    Sink& s = sink();
    if (static_cast<int>(level) < s.lowest.load(std::memory_order_relaxed)) return;
    const std::string line = log_line(message, fields);
    const std::lock_guard lock(s.mutex);
    if (s.target == LogTarget::Syslog) {
        ::syslog(syslog_priority(level), "%s", line.c_str());
        return;
    }
    const std::string whole =
        s.program + ": " + std::string(level_name(level)) + ": " + line + "\n";
    for (std::string_view rest = whole; !rest.empty();) {
        const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (n <= 0) return;  // nowhere left to complain
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
}

}  // namespace kith
