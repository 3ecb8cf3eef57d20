// SPDX-License-Identifier: Apache-2.0
// How the commands print: tables and sentences for people, JSON for programs. Text that came with a
// mail is hostile: it can steer neither a terminal nor forge a line. JSON shapes are a contract,
// described in man/kith.1. Covered by tests/unit/admin/output_test.cpp.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/command.hpp"

namespace kith::admin {

using Json = nlohmann::ordered_json;

/// What text that was cut ends with, wherever it is shown.
inline constexpr std::string_view kEllipsis = "\u2026";

/// `text` safe for a terminal on one line: control characters, invalid UTF-8 and what steers a
/// terminal as \xHH, at most `max_bytes` with the ellipsis of what is cut. REQUIRES max_bytes >= 3.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t max_bytes);
/// The same, and "-" when empty.
[[nodiscard]] std::string cell(std::string_view text, std::size_t max_bytes = 200);

/// Code points of valid UTF-8. Wide and combining characters count as one.
[[nodiscard]] std::size_t text_width(std::string_view text) noexcept;
/// The first `columns` code points of valid UTF-8.
[[nodiscard]] std::string_view first_columns(std::string_view text, std::size_t columns) noexcept;
/// At most `columns` code points of valid UTF-8, with the ellipsis of what is cut. REQUIRES columns
/// >= 1.
[[nodiscard]] std::string fit_columns(std::string_view text, std::size_t columns);

/// Columns padded to the widest cell (counted in code points), two blanks between, none at the end
/// of a line.
class TextTable {
public:
    explicit TextTable(std::vector<std::string> head) : rows_{std::move(head)} {}
    /// REQUIRES as many cells as the head has.
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const noexcept { return rows_.size() == 1; }
    void print(std::ostream& out) const;

    /// How a table is made to fit.
    struct Fit {
        std::size_t width = 120;
        std::vector<std::size_t> shrink;  ///< columns whose cells may be cut, to kShortest at least
        std::vector<std::size_t> omit;  ///< columns to leave out where that is not enough, in turn
        std::vector<std::size_t> last{};  ///< columns to cut where all that is not enough
        static constexpr std::size_t kShortest = 14;
    };
    /// The same within fit.width, as far as shrinking and omitting allow; cells are cut by
    /// fit_columns().
    void print(std::ostream& out, const Fit& fit) const;

private:
    [[nodiscard]] std::vector<std::size_t> widths() const;
    std::vector<std::vector<std::string>> rows_;
};

/// Columns that the reader sees: the terminal's, 80 at least; no end where the output is none.
/// COLUMNS in the environment overrides both.
[[nodiscard]] std::size_t output_width();

/// `json` in ASCII: what is not is written as \uXXXX, so that no text of a mail steers a terminal;
/// invalid UTF-8 is replaced. -1: one line.
[[nodiscard]] std::string json_text(const Json& json, int indentation);
/// One document, two blanks of indentation, as json_text() has it, ending with a line end.
void print_json(std::ostream& out, const Json& json);

/// "87.5": one digit behind the point.
[[nodiscard]] std::string fixed1(double x);
/// "0.33", "12": a rate with two significant digits, or all before the point.
[[nodiscard]] std::string rate_text(double rate);
/// `x` rounded to `digits` behind the point, as a number that prints so in JSON. NaN and infinity
/// give 0.
[[nodiscard]] double rounded(double x, int digits);
/// "3 s", "5 min", "2 h", "4 days": the largest unit that gives at least 1 (2 for days).
[[nodiscard]] std::string span_text(Seconds span);
/// "1 mail", "2 mails".
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view thing);

/// What `--since` takes: a span before `now` ("7d", "12h") or a day ("2026-03-01", UTC). Usage when
/// it is neither, naming the `option`.
[[nodiscard]] Result<Time> parse_since(std::string_view text, Time now,
                                       std::string_view option = "--since");

}  // namespace kith::admin
