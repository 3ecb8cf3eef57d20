// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/output_test.cpp.
#include "engine/admin/output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ostream>

#include "engine/base/log.hpp"
#include "engine/config/values.hpp"

namespace kith::admin {
namespace {

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Longest piece of line_escape(): four bytes of UTF-8, each as \xHH.
constexpr std::size_t kLongestEscape = 16;

constexpr std::size_t kReadable = 24;

}  // namespace

std::string cell(std::string_view text, std::size_t max_bytes) {
    if (text.empty()) return "-";
    return one_line(text, max_bytes);
}

std::string one_line(std::string_view text, std::size_t max_bytes) {
    // More than fits, where there is more: it tells a text that fits from one that is cut.
    std::string out = line_escape(text, max_bytes + kLongestEscape);
    if (out.size() <= max_bytes) return out;
    return line_escape(text, max_bytes - kEllipsis.size()) + std::string(kEllipsis);
}

std::size_t text_width(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string_view first_columns(std::string_view text, std::size_t columns) noexcept {
    std::size_t at = 0, seen = 0;
    for (; at < text.size(); ++at)
        if (!is_continuation(text[at]) && seen++ == columns) break;
    return text.substr(0, at);
}

std::string fit_columns(std::string_view text, std::size_t columns) {
    if (text_width(text) <= columns) return std::string(text);
    return std::string(first_columns(text, columns - 1)) + std::string(kEllipsis);
}

std::vector<std::size_t> TextTable::widths() const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], text_width(row[i]));
    return widths;
}

void TextTable::print(std::ostream& out, const Fit& fit) const {
    const std::vector<std::size_t> natural = widths();
    std::vector<bool> shown(natural.size(), true);
    std::vector<std::size_t> chosen;
    std::size_t next = 0;
    for (;;) {
        chosen = natural;
        const auto total = [&] {
            std::size_t sum = 0;
            for (std::size_t i = 0; i < chosen.size(); ++i)
                if (shown[i]) sum += chosen[i] + (sum > 0 ? 2 : 0);
            return sum;
        };
        // The first column that can be left out goes before an address becomes hard to read.
        const std::size_t shortest = next == 0 && !fit.omit.empty() ? kReadable : Fit::kShortest;
        while (total() > fit.width) {
            // The widest gives way first, so that short ones stay whole.
            std::size_t widest = chosen.size();
            const auto consider = [&](const std::vector<std::size_t>& columns) {
                for (const std::size_t i : columns)
                    if (shown[i] && chosen[i] > shortest &&
                        (widest == chosen.size() || chosen[i] > chosen[widest]))
                        widest = i;
            };
            consider(fit.shrink);
            if (next == fit.omit.size()) consider(fit.last);
            if (widest == chosen.size()) break;
            --chosen[widest];
        }
        if (total() <= fit.width || next == fit.omit.size()) break;
        shown[fit.omit[next++]] = false;
    }
    TextTable fitted(std::vector<std::string>{});
    fitted.rows_.clear();
    for (const auto& row : rows_) {
        std::vector<std::string> cells;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (!shown[i]) continue;
            cells.push_back(fit_columns(row[i], chosen[i]));
        }
        fitted.rows_.push_back(std::move(cells));
    }
    fitted.print(out);
}

std::size_t output_width() {
    if (const char* columns = std::getenv("COLUMNS"); columns != nullptr)
        if (const Result<std::uint64_t> n = parse_count(columns); n && *n > 0)
            return std::clamp<std::uint64_t>(*n, 80, 1000);
    winsize size{};
    if (::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0)
        return std::max<std::size_t>(80, size.ws_col);
    return 10000;  // a program reads it, or a file keeps it: nothing is cut
}

void TextTable::print(std::ostream& out) const {
    const std::vector<std::size_t> widths = this->widths();
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - text_width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

void print_json(std::ostream& out, const Json& json) { out << json_text(json, 2) << '\n'; }

std::string json_text(const Json& json, int indentation) {
    constexpr bool kAscii = true;  // C1 controls and bidirectional marks steer a terminal, too
    return json.dump(indentation, ' ', kAscii, Json::error_handler_t::replace);
}

std::string fixed1(double x) { return fmt::format("{:.1f}", x); }

std::string rate_text(double rate) {
    return rate >= 10 ? fmt::format("{:.0f}", rate) : fmt::format("{:.2g}", rate);
}

double rounded(double x, int digits) {
    if (!std::isfinite(x)) return 0;
    const double scale = std::pow(10.0, digits);
    return std::round(x * scale) / scale;
}

std::string span_text(Seconds span) {
    const auto s = span.count() < 0 ? 0 : span.count();
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min", s / 60);
    if (s < 2 * 86400) return fmt::format("{} h", s / 3600);
    return fmt::format("{} days", s / 86400);
}

std::string counted(std::uint64_t n, std::string_view thing) {
    return fmt::format("{} {}{}", n, thing, n == 1 ? "" : "s");
}

Result<Time> parse_since(std::string_view text, Time now, std::string_view option) {
    if (const Result<Time> day = parse_day(text)) return day;
    if (const Result<Seconds> span = parse_duration(text)) return now - *span;
    return fail(ErrorCode::Usage,
                std::string(option) + " " + cell(text) + ": neither a span nor a day",
                "give a span like 7d or 12h, or a day like 2026-03-01");
}

}  // namespace kith::admin
