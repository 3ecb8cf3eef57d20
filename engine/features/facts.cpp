// SPDX-License-Identifier: Apache-2.0
#include "engine/features/facts.hpp"

#include <algorithm>
#include <cctype>

namespace kith {
namespace {

bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool alnum(char c) noexcept { return digit(c) || alpha(c); }

/// ISO 7064 MOD 97-10 over the rearranged IBAN.
bool iban_checks(std::string_view iban) {
    unsigned remainder = 0;
    const auto feed = [&](char c) {
        const unsigned v = digit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(c - 'A' + 10);
        remainder = (remainder * (v > 9 ? 100 : 10) + v) % 97;
    };
    for (const char c : iban.substr(4)) feed(c);
    for (const char c : iban.substr(0, 4)) feed(c);
    return remainder == 1;
}

void add_unique(std::vector<std::string>& out, std::string item) {
    if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(std::move(item));
}

}  // namespace

std::vector<std::string> find_ibans(std::string_view text, std::size_t limit) {
    constexpr std::size_t kShortest = 15, kLongest = 34;
    std::vector<std::string> out;
    for (std::size_t i = 0; i + kShortest <= text.size() && out.size() < limit; ++i) {
        if (!alpha(text[i]) || !alpha(text[i + 1]) || !digit(text[i + 2]) || !digit(text[i + 3])) continue;
        if (i > 0 && alnum(text[i - 1])) continue;
        std::string iban;
        std::size_t j = i;
        for (; j < text.size() && iban.size() < kLongest; ++j) {
            if (alnum(text[j]))
                iban.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(text[j]))));
            else if ((text[j] != ' ' && text[j] != '-') || j + 1 >= text.size() || !alnum(text[j + 1]))
                break;
        }
        // Words may follow after a blank: try the longest prefix that checks.
        for (; iban.size() >= kShortest; iban.pop_back())
            if (iban_checks(iban)) {
                add_unique(out, iban);
                i += iban.size() - 1;
                break;
            }
    }
    return out;
}

std::vector<std::string> find_wallets(std::string_view text, std::size_t limit) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size() && out.size() < limit;) {
        if (!alnum(text[i])) {
            ++i;
            continue;
        }
        std::size_t j = i;
        while (j < text.size() && alnum(text[j])) ++j;
        const std::string_view token = text.substr(i, j - i);
        const bool bech32 = token.size() >= 42 && token.size() <= 62 && token.starts_with("bc1");
        const bool ethereum = token.size() == 42 && token.starts_with("0x") &&
                              std::all_of(token.begin() + 2, token.end(), [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
        const bool base58 = token.size() >= 26 && token.size() <= 35 && (token[0] == '1' || token[0] == '3') &&
                            token.find_first_of("0OIl") == std::string_view::npos && std::any_of(token.begin(), token.end(), alpha) &&
                            std::count_if(token.begin(), token.end(), digit) >= 3;
        if (bech32 || ethereum || base58) add_unique(out, std::string(token));
        i = j;
    }
    return out;
}

std::vector<std::string> find_phones(std::string_view text, std::size_t limit) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size() && out.size() < limit;) {
        const bool start = (text[i] == '+' || text[i] == '0' || text[i] == '(') && (i == 0 || (!alnum(text[i - 1]) && text[i - 1] != '.' && text[i - 1] != '-' && text[i - 1] != '/'));
        if (!start) {
            ++i;
            continue;
        }
        std::string digits;
        std::size_t j = i, gap = 0;
        bool separated = text[i] == '+' || text[i] == '(';
        for (; j < text.size(); ++j) {
            if (digit(text[j])) {
                digits.push_back(text[j]);
                gap = 0;
            } else if (text[j] == ' ' || text[j] == '-' || text[j] == '/' || text[j] == '(' || text[j] == ')' || text[j] == '.' || (text[j] == '+' && j == i)) {
                separated = separated || text[j] != '.';
                if (++gap > 2) break;
            } else {
                break;
            }
        }
        const bool ends_clean = j >= text.size() || !alnum(text[j]);
        if (digits.size() >= 8 && digits.size() <= 15 && separated && ends_clean) add_unique(out, digits);
        i = std::max(j, i + 1);
    }
    return out;
}

}  // namespace kith
