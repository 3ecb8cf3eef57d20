// SPDX-License-Identifier: Apache-2.0
// A Report as text of at most 100 columns, as JSON (man/kith.1) and as one HTML file that needs
// nothing else: no script, no font, no image, and a policy that forbids any. All three print the
// same figures. Texts of mails are hostile in each: they steer no terminal, forge no line and are
// never markup. Covered by tests/unit/admin/report_output_test.cpp and tests/e2e/report_test.py.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/output.hpp"
#include "engine/admin/report.hpp"

namespace kith::admin {

/// What the figures mean, a sentence or two each, the most important first. Safe for a terminal.
[[nodiscard]] std::vector<std::string> findings(const Report& report);

void print_report(std::ostream& out, const Report& report);
[[nodiscard]] Json report_json(const Report& report);
[[nodiscard]] std::string report_html(const Report& report);

// Shared by the three.

inline constexpr std::array<Direction, kDirectionCount> kDirections{
    Direction::Inbound, Direction::Outbound, Direction::Internal};

/// "2026-03-01".
[[nodiscard]] std::string day_text(std::int32_t day);
/// "12,345".
[[nodiscard]] std::string grouped(std::uint64_t n);
/// `n` in 1000 of `of`; 0 when there are none.
[[nodiscard]] double in_1000(std::uint64_t n, std::uint64_t of) noexcept;
/// "no 1.2 of 5", "yes": what another filter said.
[[nodiscard]] std::string said_text(const OtherFilter& said);
/// "2026-11-22 10:00 to 2026-11-29 10:00 UTC, inbound, example.com".
[[nodiscard]] std::string scope_text(const Report& report);
/// Most mails to look at on a day, and the day; 0 when there is none.
struct BusiestDay {
    std::int32_t day = 0;
    std::uint64_t holds = 0;
};
[[nodiscard]] BusiestDay busiest_day(const Report& report);
[[nodiscard]] Tally sum(const DirectionTallies& tallies) noexcept;
/// Mails of which it is known how many may be held: all but those judged before anything was ready.
[[nodiscard]] std::uint64_t promised_mails(const Tally& tally) noexcept;

}  // namespace kith::admin
