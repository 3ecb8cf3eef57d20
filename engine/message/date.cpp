// SPDX-License-Identifier: Apache-2.0
#include "engine/message/date.hpp"

#include <array>
#include <string>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/message/lexer.hpp"

namespace kith::mail {
namespace {

constexpr std::size_t kMaxDateBytes = 256;

[[nodiscard]] std::optional<int> number(std::string_view s, std::size_t max_digits) noexcept {
    if (s.empty() || s.size() > max_digits) return std::nullopt;
    int value = 0;
    for (const char c : s) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

[[nodiscard]] std::optional<unsigned> month(std::string_view s) {
    static constexpr std::array<std::string_view, 12> kNames{
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
    if (s.size() < 3) return std::nullopt;
    for (unsigned i = 0; i < kNames.size(); ++i)
        if (ascii_iequals(s.substr(0, 3), kNames[i])) return i + 1;
    return std::nullopt;
}

struct Zone {
    int minutes = 0;
    bool known = false;
};

[[nodiscard]] Zone zone(std::string_view s) {
    struct Named {
        std::string_view name;
        int hours;
    };
    static constexpr std::array<Named, 12> kNamed{{{"ut", 0},
                                                   {"utc", 0},
                                                   {"gmt", 0},
                                                   {"z", 0},
                                                   {"est", -5},
                                                   {"edt", -4},
                                                   {"cst", -6},
                                                   {"cdt", -5},
                                                   {"mst", -7},
                                                   {"mdt", -6},
                                                   {"pst", -8},
                                                   {"pdt", -7}}};
    if (s.size() >= 5 && (s[0] == '+' || s[0] == '-')) {
        std::string digits;
        for (const char c : s.substr(1))
            if (c != ':') digits += c;
        const auto value = number(digits, 4);
        if (!value || digits.size() != 4 || *value % 100 > 59 || *value / 100 > 15) return {};
        const int minutes = *value / 100 * 60 + *value % 100;
        if (minutes == 0 && s[0] == '-') return {};
        return {s[0] == '-' ? -minutes : minutes, true};
    }
    for (const Named& named : kNamed)
        if (ascii_iequals(s, named.name)) return {named.hours * 60, true};
    return {};
}

/// Hours, minutes, seconds of "h:mm", "hh:mm:ss" or "hh.mm.ss"; a leap second counts as 59.
[[nodiscard]] std::optional<std::chrono::seconds> clock_time(std::string_view s) {
    const char separator = s.find(':') != std::string_view::npos ? ':' : '.';
    const auto pieces = split(s, separator);
    if (pieces.size() < 2 || pieces.size() > 3) return std::nullopt;
    const auto h = number(pieces[0], 2);
    const auto m = number(pieces[1], 2);
    const auto sec = pieces.size() == 3 ? number(pieces[2].substr(0, pieces[2].find('.')), 2) : 0;
    if (!h || !m || !sec || *h > 23 || *m > 59 || *sec > 60) return std::nullopt;
    return std::chrono::hours(*h) + std::chrono::minutes(*m) +
           std::chrono::seconds(*sec == 60 ? 59 : *sec);
}

}  // namespace

std::optional<MailDate> parse_date(std::string_view field) {
    Lexer lexer(field.substr(0, kMaxDateBytes), ",");
    std::vector<std::string> words;
    while (const auto token = lexer.next())
        if (token->kind == TokenKind::Word) words.push_back(token->text);
    // "25-Nov-2026" is one word with its parts joined.
    for (std::size_t i = 0; i < words.size() && i < 2; ++i) {
        const auto pieces = split(words[i], '-');
        if (pieces.size() == 3 && month(pieces[1])) {
            const std::vector<std::string> parts(pieces.begin(), pieces.end());
            words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
            words.insert(words.begin() + static_cast<std::ptrdiff_t>(i), parts.begin(),
                         parts.end());
            break;
        }
    }
    std::size_t i = 0;
    if (i < words.size() && !number(words[i], 2) && !month(words[i])) ++i;  // day of the week
    if (i + 2 >= words.size()) return std::nullopt;
    std::optional<int> day;
    std::optional<unsigned> mon;
    std::optional<int> year;
    std::optional<std::chrono::seconds> time;
    if ((mon = month(words[i])) && number(words[i + 1], 2)) {
        // asctime(3): "Nov 25 03:48:32 2026", perhaps a zone before the year.
        day = number(words[i + 1], 2);
        time = clock_time(words[i + 2]);
        i += 3;
        if (i < words.size() && !number(words[i], 4)) ++i;
        if (i < words.size()) year = number(words[i++], 4);
    } else {
        day = number(words[i], 2);
        mon = month(words[i + 1]);
        year = number(words[i + 2], 4);
        i += 3;
        if (i < words.size()) time = clock_time(words[i++]);
    }
    if (!day || !mon || !year || !time) return std::nullopt;
    if (*year < 50) *year += 2000;
    if (*year < 1000) *year += 1900;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*mon),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year < 1970 || *year > 2199) return std::nullopt;
    const Zone offset = i < words.size() ? zone(words[i]) : Zone{};
    MailDate result;
    result.time = Time(std::chrono::sys_days(date)) + *time - std::chrono::minutes(offset.minutes);
    if (offset.known) result.utc_offset_minutes = offset.minutes;
    return result;
}

}  // namespace kith::mail
