// SPDX-License-Identifier: Apache-2.0
#include "engine/features/facts.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "engine/base/hash.hpp"
#include "engine/base/text.hpp"

namespace kith {
namespace {

bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool alnum(char c) noexcept { return digit(c) || alpha(c); }

/// Where the next digit is, from `from` on; the text's length when there is none. Everything here
/// but words is known by its digits and most text has none, so blocks without are passed at once.
std::size_t next_digit(std::string_view text, std::size_t from) noexcept {
    constexpr std::size_t kBlock = 32;
    const auto has_digit = [](const char* block) {
        unsigned char found = 0;  // without a branch, so that the compiler takes all at once
        for (std::size_t k = 0; k < kBlock; ++k)
            found = static_cast<unsigned char>(
                found | (static_cast<unsigned char>(block[k] - '0') < 10 ? 1 : 0));
        return found != 0;
    };
    std::size_t i = from;
    while (i + kBlock <= text.size() && !has_digit(text.data() + i)) i += kBlock;
    while (i < text.size() && !digit(text[i])) ++i;
    return std::min(i, text.size());
}

/// Length of a country's IBANs (ISO 13616 registry); 0 for letters that are no such country.
/// Without it a sentence such as "see ID12 for further details" would be tried at every length and
/// pass the check digits one time in five.
std::size_t iban_length(char a, char b) {
    struct Country {
        char code[3];
        std::uint8_t length;
    };
    static constexpr Country kCountries[] = {
        {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
        {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22},
        {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20},
        {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22},
        {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28},
        {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30},
        {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21},
        {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
        {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
        {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33},
        {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27},
        {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29},
        {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30}};
    for (const auto& country : kCountries)
        if (country.code[0] == a && country.code[1] == b) return country.length;
    return 0;
}

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Length of a date such as "01/02/2026" or "01.02.26" at the start of `text`; 0 when there is
/// none.
std::size_t date_length(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
    const char mark = at(2);
    if (!digit(at(0)) || !digit(at(1)) || (mark != '/' && mark != '.' && mark != '-')) return 0;
    if (!digit(at(3)) || !digit(at(4)) || at(5) != mark || !digit(at(6)) || !digit(at(7))) return 0;
    if (!digit(at(8))) return 8;
    return digit(at(9)) && !digit(at(10)) ? 10 : 0;
}

/// "800-555-0199" and "1-800-555-0199" (also with dots): the North American form needs no leading +
/// or 0.
std::size_t north_american_length(std::string_view text) noexcept {
    std::size_t i = 0;
    const auto digits = [&](std::size_t n) {
        for (std::size_t k = 0; k < n; ++k, ++i)
            if (i >= text.size() || !digit(text[i])) return false;
        return true;
    };
    const auto mark = [&] {
        return i < text.size() && (text[i] == '-' || text[i] == '.') && ++i > 0;
    };
    if (text.size() > 1 && text[0] == '1' && !digit(text[1])) {
        i = 1;
        if (!mark()) return 0;
    }
    if (!digits(3) || !mark() || !digits(3) || !mark() || !digits(4)) return 0;
    return i < text.size() && alnum(text[i]) ? 0 : i;
}

/// ISO 7064 MOD 97-10 over the rearranged IBAN.
bool iban_checks(std::string_view iban) {
    unsigned remainder = 0;
    const auto feed = [&](char c) {
        const unsigned v =
            digit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(c - 'A' + 10);
        remainder = (remainder * (v > 9 ? 100 : 10) + v) % 97;
    };
    for (const char c : iban.substr(4)) feed(c);
    for (const char c : iban.substr(0, 4)) feed(c);
    return remainder == 1;
}

/// A Bitcoin address of the first kind: 25 bytes in base 58, the last four are a checksum (Bitcoin
/// wiki, "Base58Check encoding"). Without it every id of a shared document would be one.
bool base58_checks(std::string_view token) {
    constexpr std::string_view kDigits =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::array<unsigned char, 25> bytes{};
    for (const char c : token) {
        std::size_t carry = kDigits.find(c);
        if (carry == std::string_view::npos) return false;
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
            carry += 58U * *byte;
            *byte = static_cast<unsigned char>(carry & 0xFF);
            carry >>= 8;
        }
        if (carry != 0) return false;
    }
    const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto once = sha256(all.substr(0, 21));
    const auto twice = sha256({reinterpret_cast<const char*>(once.data()), once.size()});
    return std::equal(twice.begin(), twice.begin() + 4, bytes.begin() + 21);
}

/// A segwit address of mainnet: the checksum of BIP 173 (bech32) or BIP 350 (bech32m).
bool bech32_checks(std::string_view token) {
    constexpr std::string_view kDigits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    constexpr std::array<std::uint32_t, 5> kGenerator = {0x3B6A57B2, 0x26508E6D, 0x1EA119FA,
                                                         0x3D4233DD, 0x2A1462B3};
    std::uint32_t sum = 1;
    const auto add = [&](std::uint32_t value) {
        const std::uint32_t top = sum >> 25;
        sum = (sum & 0x1FFFFFF) << 5 ^ value;
        for (std::size_t i = 0; i < kGenerator.size(); ++i)
            if ((top >> i & 1U) != 0) sum ^= kGenerator[i];
    };
    for (const std::uint32_t c : {3U, 3U, 0U, 2U, 3U}) add(c);  // "bc", expanded
    for (const char c : token.substr(3)) {
        const std::size_t value = kDigits.find(c);
        if (value == std::string_view::npos) return false;
        add(static_cast<std::uint32_t>(value));
    }
    return sum == 1 || sum == 0x2BC830A3;
}

void add_unique(std::vector<std::string>& out, std::string item) {
    if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(std::move(item));
}

}  // namespace

std::vector<std::string> find_ibans(std::string_view text, std::size_t limit) {
    constexpr std::size_t kShortest = 15;
    std::vector<std::string> out;
    for (std::size_t i = 0; i + kShortest <= text.size() && out.size() < limit; ++i) {
        i = next_digit(text, i + 2) - 2;
        if (i + kShortest > text.size()) break;
        if (!alpha(text[i]) || !alpha(text[i + 1]) || !digit(text[i + 2]) || !digit(text[i + 3]))
            continue;
        if (i > 0 && alnum(text[i - 1])) continue;
        const std::size_t length = iban_length(upper(text[i]), upper(text[i + 1]));
        std::string iban;
        std::size_t j = i;
        for (; j < text.size() && iban.size() < length; ++j) {
            if (alnum(text[j]))
                iban.push_back(upper(text[j]));
            else if ((text[j] != ' ' && text[j] != '-') || j + 1 >= text.size() ||
                     !alnum(text[j + 1]))
                break;
        }
        // Words may follow after a blank, not without one.
        if (length == 0 || iban.size() != length || (j < text.size() && alnum(text[j])) ||
            !iban_checks(iban))
            continue;
        add_unique(out, std::move(iban));
        i = j - 1;
    }
    return out;
}

std::vector<std::string> find_mistyped_ibans(std::string_view text, std::size_t limit) {
    constexpr std::size_t kShortest = 15, kLongest = 34;
    std::vector<std::string> out;
    for (std::size_t i = 0; i + kShortest <= text.size() && out.size() < limit; ++i) {
        i = next_digit(text, i + 2) - 2;
        if (i + kShortest > text.size()) break;
        if (!digit(text[i + 3]) || !alpha(text[i]) || !alpha(text[i + 1]) ||
            (i > 0 && alnum(text[i - 1])))
            continue;
        const std::size_t length = iban_length(upper(text[i]), upper(text[i + 1]));
        if (length == 0) continue;
        std::string found;
        const auto is_right = [&] { return found.size() == length && iban_checks(found); };
        std::size_t j = i;
        for (; j < text.size() && found.size() <= kLongest; ++j) {
            // Behind the check digits only digits, but for a bank's four letters.
            const std::size_t n = found.size();
            if (!alnum(text[j]) && is_right()) break;  // a date or an amount may follow
            if (digit(text[j]) || (alpha(text[j]) && n < 8 && (n < 2 || n >= 4)))
                found.push_back(upper(text[j]));
            else if ((text[j] != ' ' && text[j] != '-') || j + 1 >= text.size() ||
                     !(digit(text[j + 1]) || (n == 4 && alpha(text[j + 1]))))
                break;
        }
        const bool ends = j >= text.size() || !alnum(text[j]);
        if (ends && found.size() >= kShortest && found.size() <= kLongest && !is_right())
            add_unique(out, std::move(found));
        i = std::max(i, j - 1);
    }
    return out;
}

namespace {

/// Words in lower case, each with an ASCII letter first.
template <std::size_t N>
class WordSet {
public:
    constexpr explicit WordSet(std::array<std::string_view, N> words) : words_(words) {
        for (const std::string_view w : words_) firsts_ |= bit_of(w.front());
    }
    /// Whether the word, in whatever case, is one of them.
    [[nodiscard]] bool has(std::string_view word) const noexcept {
        if (word.empty() || (firsts_ & bit_of(word.front())) == 0) return false;
        return std::any_of(words_.begin(), words_.end(),
                           [&](std::string_view w) { return ascii_iequals(w, word); });
    }

private:
    /// Of a letter in either case; 0 of anything else.
    [[nodiscard]] static constexpr std::uint32_t bit_of(char c) noexcept {
        const unsigned n = (static_cast<unsigned char>(c) | 0x20U) - 'a';
        return n < 26 ? 1U << n : 0;
    }
    std::array<std::string_view, N> words_;
    std::uint32_t firsts_ = 0;  // most words differ in their first letter from all of these
};
template <class... Words>
constexpr WordSet<sizeof...(Words)> word_set(Words... words) {
    return WordSet<sizeof...(Words)>({words...});
}

constexpr auto kCurrencyWords =
    word_set("eur", "usd", "gbp", "chf", "jpy", "cny", "inr", "pln", "czk", "sek", "nok", "dkk",
             "huf", "ron", "cad", "aud", "brl", "hkd", "sgd", "euro", "euros", "dollar", "dollars",
             "pounds", "pfund", "francs", "franken");
constexpr std::string_view kCurrencySigns[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5"};

bool sign_ends(std::string_view text) noexcept {
    return std::any_of(std::begin(kCurrencySigns), std::end(kCurrencySigns),
                       [&](std::string_view sign) { return text.ends_with(sign); });
}
bool sign_begins(std::string_view text) noexcept {
    return std::any_of(std::begin(kCurrencySigns), std::end(kCurrencySigns),
                       [&](std::string_view sign) { return text.starts_with(sign); });
}
/// The letters that end, or begin, a text; a few too many for a currency at most.
constexpr std::size_t kLongestCurrency = 10;
std::string_view letters_ending(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && n < kLongestCurrency && alpha(text[text.size() - 1 - n])) ++n;
    return text.substr(text.size() - n);
}
std::string_view letters_beginning(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && n < kLongestCurrency && alpha(text[n])) ++n;
    return text.substr(0, n);
}

struct Number {
    std::size_t end = 0, whole_digits = 0;  ///< one past it; digits before the cents
};
/// A number with or without groups, "51,600.00" or "51'600", that begins at `i`.
Number number_at(std::string_view text, std::size_t i) {
    Number n;
    bool cents = false;
    for (n.end = i; n.end < text.size(); ++n.end) {
        const char c = text[n.end];
        if (digit(c)) {
            n.whole_digits += cents ? 0 : 1;
            continue;
        }
        if ((c != ',' && c != '.' && c != '\'') || n.end + 1 >= text.size() ||
            !digit(text[n.end + 1]))
            break;
        // Fewer than three digits behind it: a decimal point.
        cents = n.end + 3 >= text.size() || !digit(text[n.end + 2]) || !digit(text[n.end + 3]);
    }
    return n;
}

}  // namespace

bool names_amount(std::string_view text) {
    constexpr std::size_t kFewestDigits = 3;  // "$1" is shell, or small change
    for (std::size_t i = 0; i < text.size();) {
        i = next_digit(text, i);
        if (i == text.size()) break;
        const Number n = number_at(text, i);
        if (n.whole_digits >= kFewestDigits) {
            std::string_view before = text.substr(0, i), after = text.substr(n.end);
            if (before.ends_with(' ')) before.remove_suffix(1);
            if (after.starts_with(' ')) after.remove_prefix(1);
            if (sign_ends(before) || sign_begins(after) ||
                kCurrencyWords.has(letters_ending(before)) ||
                kCurrencyWords.has(letters_beginning(after)))
                return true;
        }
        i = n.end;
    }
    return false;
}

std::vector<std::string> find_wallets(std::string_view text, std::size_t limit) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size() && out.size() < limit;) {
        if (!alnum(text[i])) {
            // A wallet has a digit among its first three characters.
            const std::size_t near = next_digit(text, i);
            i = std::max(i + 1, near - std::min<std::size_t>(near, 2));
            while (i < text.size() && alnum(text[i]) && alnum(text[i - 1])) ++i;
            continue;
        }
        std::size_t j = i;
        while (j < text.size() && alnum(text[j])) ++j;
        const std::string_view token = text.substr(i, j - i);
        const bool bech32 = token.size() >= 42 && token.size() <= 62 && token.starts_with("bc1") &&
                            bech32_checks(token);
        const bool ethereum = token.size() == 42 && token.starts_with("0x") &&
                              std::all_of(token.begin() + 2, token.end(), [](char c) {
                                  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
                              });
        const bool base58 = token.size() >= 26 && token.size() <= 35 &&
                            (token[0] == '1' || token[0] == '3') && base58_checks(token);
        if (bech32 || ethereum || base58) add_unique(out, std::string(token));
        i = j;
    }
    return out;
}

namespace {

/// A run of letters. Bytes beyond ASCII are letters here: "número".
struct Word {
    std::string_view text;
    std::size_t end = 0;  ///< one past it
};

bool letter(char c) noexcept { return alpha(c) || static_cast<unsigned char>(c) >= 0x80; }

/// The word at or after `from`, with nothing but a little punctuation before it; "" when there is
/// none.
Word next_word(std::string_view text, std::size_t from) {
    constexpr std::size_t kMostPunctuation = 4, kLongestWord = 24;
    std::size_t i = from;
    while (i < text.size() && i < from + kMostPunctuation && !letter(text[i]) && !digit(text[i]))
        ++i;
    const std::size_t begin = i;
    while (i < text.size() && letter(text[i]) && i < begin + kLongestWord) ++i;
    return {text.substr(begin, i - begin), i};
}

// Before a number that is an account's all by themselves; only together with a word for "number"
// or "bank"; and words that may stand between them and the number.
constexpr auto kAccountWords =
    word_set("kontonummer", "kontonr", "rekeningnummer", "blz", "bankleitzahl", "iban");
constexpr auto kHalfWords =
    word_set("account", "acct", "konto", "sort", "routing", "compte", "cuenta", "conto", "rekening",
             "rachunku", "rachunek", "conta");
constexpr auto kNumberWords = word_set("number", "no", "nr", "num", "nummer", "code", "numer", "n",
                                       "num\xC3\xA9ro", "numero", "n\xC3\xBAmero", "bank");
constexpr auto kBetween = word_set("number", "no", "nr", "num", "nummer", "code", "is", "ist",
                                   "bic", "swift", "n", "numero");
constexpr auto kBicWords = word_set("bic", "swift");

/// Where the number begins, behind words that may stand between.
std::size_t skip_between(std::string_view text, std::size_t from) {
    for (int i = 0; i < 3; ++i) {
        const Word w = next_word(text, from);
        if (w.text.empty() || !kBetween.has(w.text)) break;
        from = w.end;
    }
    constexpr std::size_t kMostPunctuation = 4;
    for (std::size_t i = 0; i < kMostPunctuation && from < text.size() && !alnum(text[from]); ++i)
        ++from;
    return from;
}

/// ISO 9362, in capitals: four letters of the bank, two of the country, two of the place, perhaps
/// three of the branch, which is left out. "" when there is none at the start of `text`.
std::string bic_at(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && n < 12 && alnum(text[n])) ++n;
    const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if ((n != 8 && n != 11) || !std::all_of(text.begin(), text.begin() + 6, capital) ||
        !std::all_of(text.begin() + 6, text.begin() + static_cast<std::ptrdiff_t>(n),
                     [&](char c) { return capital(c) || digit(c); }))
        return "";
    return std::string(text.substr(0, 8));
}

/// 6 to 18 digits with single blanks or dashes between; "" otherwise, and for a date.
std::string account_at(std::string_view text) {
    std::string out;
    std::size_t i = 0;
    for (; i < text.size() && out.size() <= 18; ++i) {
        const char c = text[i];
        if (digit(c))
            out.push_back(c);
        else if ((c != ' ' && c != '-') || i + 1 >= text.size() || !digit(text[i + 1]))
            break;
    }
    const bool date = text.size() > 7 && text[4] == '-' && text[7] == '-';
    const bool ends = i >= text.size() || !alnum(text[i]);
    return out.size() >= 6 && out.size() <= 18 && ends && !date ? out : "";
}

}  // namespace

std::vector<std::string> find_accounts(std::string_view text, std::size_t limit) {
    std::vector<std::string> out;
    std::string_view before, before_that;
    for (std::size_t i = 0; i < text.size() && out.size() < limit;) {
        if (!letter(text[i])) {
            ++i;
            continue;
        }
        const Word w = next_word(text, i);
        std::string found;
        if (kBicWords.has(w.text)) {
            found = bic_at(text.substr(std::min(skip_between(text, w.end), text.size())));
        } else if (kAccountWords.has(w.text) ||
                   (kHalfWords.has(w.text) &&
                    (kNumberWords.has(before) || kNumberWords.has(before_that) ||
                     kNumberWords.has(next_word(text, w.end).text)))) {
            found = account_at(text.substr(std::min(skip_between(text, w.end), text.size())));
        }
        if (!found.empty()) add_unique(out, std::move(found));
        before_that = before;
        before = w.text;
        i = w.end;
    }
    return out;
}

std::vector<std::string> find_phones(std::string_view text, std::size_t limit) {
    constexpr std::size_t kMostDigits = 15;  // E.164
    constexpr std::size_t kMostMarks = 3;    // within a number: "030 / 123"
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text.size() && out.size() < limit;) {
        // Before the first digit of a number there are at most a few marks.
        const std::size_t near = next_digit(text, i);
        i = std::max(i, near - std::min(near, kMostMarks));
        if (i >= text.size()) break;
        const bool begins = i == 0 || (!alnum(text[i - 1]) && text[i - 1] != '.' &&
                                       text[i - 1] != '-' && text[i - 1] != '/');
        if (begins && digit(text[i])) {
            if (const auto n = date_length(text.substr(i)); n > 0) {
                i += n;
                continue;
            }
            if (const auto n = north_american_length(text.substr(i)); n > 0) {
                std::string digits;
                for (const char c : text.substr(i, n))
                    if (digit(c)) digits.push_back(c);
                add_unique(out, std::move(digits));
                i += n;
                continue;
            }
        }
        // A 0 behind digits and a blank goes on with their number: an IBAN in groups of four.
        const bool goes_on = i >= 2 && text[i] == '0' && text[i - 1] == ' ' && digit(text[i - 2]);
        const bool start =
            (text[i] == '+' || text[i] == '0' || text[i] == '(') && begins && !goes_on;
        if (!start) {
            ++i;
            continue;
        }
        std::string digits;
        std::size_t end = i, gap = 0;  // one past the last digit
        bool separated = text[i] == '+' || text[i] == '(', mark = false;
        // Eight digits after a 0 are as often a time span: 09.00-10.30.
        const std::size_t fewest = text[i] == '0' ? 9 : 8;
        for (std::size_t j = i; j < text.size(); ++j) {
            const char c = text[j];
            if (digit(c)) {
                if (digits.size() <= kMostDigits) digits.push_back(c);
                separated = separated || mark;
                gap = 0;
                end = j + 1;
            } else if (c == ' ' || c == '-' || c == '/' || c == '(' || c == ')' || c == '.' ||
                       (c == '+' && j == i)) {
                mark = mark || c != '.';
                if (++gap > kMostMarks) break;
            } else {
                break;
            }
        }
        const bool ends_clean = end >= text.size() || !alnum(text[end]);
        if (digits.size() >= fewest && digits.size() <= kMostDigits && separated && ends_clean)
            add_unique(out, digits);
        i = std::max(end, i + 1);
    }
    return out;
}

}  // namespace kith
