// SPDX-License-Identifier: Apache-2.0
#include "engine/message/other_filters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

constexpr std::size_t kLooked = 512;  // bytes of a value: what counts stands at its beginning
constexpr std::size_t kMaxStars = 100;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Topmost fields of one filter, as far as they were read.
struct Said {
    std::optional<bool> spam;
    std::optional<double> score, required;
    std::optional<double> bar;  ///< a score drawn as stars or plus signs: without its fraction
    std::uint32_t names = 0;    ///< bit per field that was there
    bool over = false;          ///< below a Received field

    void says(bool yes) noexcept { spam = yes || spam.value_or(false); }
};

/// The number that `text` begins with.
std::optional<double> number(std::string_view text) {
    text = trim(text);
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || !std::isfinite(out) || std::abs(out) > kMaxFilterScore)
        return std::nullopt;
    return out;
}

std::string first_word(std::string_view text) {
    text = trim(text);
    const auto end = std::find_if_not(text.begin(), text.end(), is_letter);
    return ascii_lower(text.substr(0, static_cast<std::size_t>(end - text.begin())));
}

void yes_or_no(std::string_view value, Said& said) {
    const std::string word = first_word(value);
    if (word == "yes" || word == "true") said.says(true);
    if (word == "no" || word == "false") said.says(false);
}

/// The number behind "key=", where key begins a word.
std::optional<double> setting(std::string_view value, std::string_view key) {
    for (std::size_t at = value.find(key); at != std::string_view::npos;
         at = value.find(key, at + 1)) {
        const bool begins = at == 0 || is_blank(value[at - 1]) || value[at - 1] == ',';
        if (begins) return number(value.substr(at + key.size()));
    }
    return std::nullopt;
}

/// "Yes, score=7.3 required=5.0 tests=..."; what the tests are called is anybody's text.
void spam_status(std::string_view value, Said& said) {
    yes_or_no(value, said);
    const std::string_view head = value.substr(0, value.find("tests="));
    if (!said.score) said.score = setting(head, "score=");
    if (!said.score) said.score = setting(head, "hits=");
    if (!said.required) said.required = setting(head, "required=");
}

/// "default: False [-1.20 / 15.00]; ..."
void spamd_result(std::string_view value, Said& said) {
    const std::size_t open = value.find('[');
    if (open == std::string_view::npos) return;
    const std::string_view head = value.substr(0, open);
    yes_or_no(head.substr(head.find(':') == std::string_view::npos ? 0 : head.find(':') + 1), said);
    const std::string_view numbers = value.substr(open + 1, value.find(']', open) - open - 1);
    const std::size_t slash = numbers.find('/');
    if (slash == std::string_view::npos) return;
    if (!said.score) said.score = number(numbers);
    if (!said.required) said.required = number(numbers.substr(slash + 1));
}

void score(std::string_view value, Said& said) {
    if (!said.score) said.score = number(value);
}

/// "****", "+++", "--" or "/": so many points, or none.
void bar(std::string_view value, Said& said) {
    value = trim(value);
    if (value.empty() || std::string_view("*+-/").find(value.front()) == std::string_view::npos)
        return;
    const auto end =
        std::find_if_not(value.begin(), value.end(), [&](char c) { return c == value.front(); });
    const auto length =
        std::min<std::size_t>(static_cast<std::size_t>(end - value.begin()), kMaxStars);
    said.bar = value.front() == '/'   ? 0
               : value.front() == '-' ? -static_cast<double>(length)
                                      : static_cast<double>(length);
}

void rspamd_action(std::string_view value, Said& said) {
    const std::string action = ascii_lower(trim(value));
    for (const char* bad : {"add header", "rewrite subject", "reject", "quarantine", "discard"})
        if (action == bad) said.says(true);
    for (const char* good : {"no action", "greylist", "soft reject"})
        if (action == good) said.says(false);
}

void virus_status(std::string_view value, Said& said) {
    const std::string word = first_word(value);
    if (word == "infected" || word == "yes") said.says(true);
    if (word == "clean" || word == "no") said.says(false);
}

enum Filter : std::size_t { kSpamAssassin, kRspamd, kVirusScanner, kFilters };
constexpr std::array<std::string_view, kFilters> kNames{"SpamAssassin", "rspamd", "virus scanner"};

struct Field {
    std::string_view name;
    Filter filter;
    void (*read)(std::string_view, Said&);
};
constexpr std::array<Field, 12> kFields{{
    {"X-Spam-Flag", kSpamAssassin, yes_or_no},
    {"X-Spam-Status", kSpamAssassin, spam_status},
    {"X-Spam-Score", kSpamAssassin, score},
    {"X-Spam-Level", kSpamAssassin, bar},
    {"X-Spam", kRspamd, yes_or_no},
    {"X-Spamd-Result", kRspamd, spamd_result},
    {"X-Spamd-Bar", kRspamd, bar},
    {"X-Rspamd-Action", kRspamd, rspamd_action},
    {"X-Rspamd-Score", kRspamd, score},
    {"X-Virus-Status", kVirusScanner, virus_status},
    {"X-Infected", kVirusScanner, [](std::string_view, Said& said) { said.says(true); }},
    {"X-Virus-Infected", kVirusScanner, [](std::string_view, Said& said) { said.says(true); }},
}};

}  // namespace

std::vector<FilterSays> other_filters(const std::vector<HeaderField>& headers) {
    std::array<Said, kFilters> all;
    for (const HeaderField& header : headers) {
        if (ascii_iequals(header.name, "Received"))
            for (Said& said : all) said.over = said.over || said.names != 0;
        if (header.name.empty() || (header.name.front() != 'X' && header.name.front() != 'x'))
            continue;
        for (std::size_t i = 0; i < kFields.size(); ++i) {
            const Field& field = kFields[i];
            Said& said = all[field.filter];
            const std::uint32_t bit = 1U << i;
            if (said.over || (said.names & bit) != 0 || !ascii_iequals(header.name, field.name))
                continue;
            said.names |= bit;
            field.read(std::string_view(header.value).substr(0, kLooked), said);
        }
    }
    std::vector<FilterSays> out;
    for (std::size_t f = 0; f < kFilters; ++f) {
        Said& said = all[f];
        if (!said.score) said.score = said.bar;
        if (!said.spam && said.score && said.required) said.spam = *said.score >= *said.required;
        if (said.spam) out.push_back({kNames[f], *said.spam, said.score, said.required});
    }
    return out;
}

}  // namespace kith::mail
