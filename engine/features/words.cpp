// SPDX-License-Identifier: Apache-2.0
#include "engine/features/words.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cctype>

namespace kith {
namespace {

constexpr int kMinLetters = 2, kMaxLetters = 20;
constexpr std::size_t kRandomToken = 20, kLongWord = 24;

bool is_cjk(UChar32 c) noexcept {
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF);
}

void append_utf8(std::string& s, UChar32 c) {
    char buffer[4];
    std::int32_t n = 0;
    UBool error = false;
    U8_APPEND(reinterpret_cast<std::uint8_t*>(buffer), n, 4, static_cast<std::uint32_t>(c), error);
    if (!error) s.append(buffer, static_cast<std::size_t>(n));
}

/// Puts a combining mark onto the last letter where Unicode has the composed form (NFC); drops it
/// where not.
void compose(std::string& word, UChar32 mark) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* nfc = unorm2_getNFCInstance(&status);
    if (U_FAILURE(status) != 0) return;
    const auto* s = reinterpret_cast<const std::uint8_t*>(word.data());
    auto start = word.size();
    while (start > 0 && (s[--start] & 0xC0) == 0x80) {
    }
    UChar32 last = 0;
    auto next = static_cast<std::int32_t>(start);
    U8_NEXT(s, next, static_cast<std::int32_t>(word.size()), last);
    const UChar32 composed = last < 0 ? -1 : unorm2_composePair(nfc, last, mark);
    if (composed < 0) return;
    word.resize(start);
    append_utf8(word, u_tolower(composed));
}

/// Calls `word(text, letters)` for each run of letters.
template <class F>
void each_word(std::string_view text, F&& word) {
    std::string current;
    int letters = 0;
    bool cjk = false;
    const auto flush = [&]() -> bool {
        const bool go_on = letters == 0 || word(current, letters);
        current.clear();
        letters = 0;
        cjk = false;
        return go_on;
    };
    const auto* s = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto n = static_cast<std::int32_t>(text.size());
    for (std::int32_t i = 0; i < n;) {
        UChar32 c = s[i];
        if (c < 0x80) {
            ++i;
            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
                if (cjk && !flush()) return;
                if (letters <= kMaxLetters) current.push_back(static_cast<char>(c | 0x20));
                ++letters;
                continue;
            }
            if (c == '\'' && letters > 0)
                continue;  // don't -> dont, l'été -> lété as with the typographic one
        } else {
            U8_NEXT(s, i, n, c);
            if (c >= 0 && u_isalpha(c)) {
                const bool is = is_cjk(c);
                if (letters > 0 && is != cjk && !flush()) return;
                cjk = is;
                if (letters <= kMaxLetters) append_utf8(current, u_tolower(c));
                ++letters;
                if (cjk && letters == 2 && !flush()) return;
                continue;
            }
            if (c == 0x2019 && letters > 0) continue;  // typographic apostrophe
            // Decomposed letters are composed, soft hyphens and zero-width characters skipped: the
            // reader sees one word.
            if (letters > 0 && c >= 0 && u_charType(c) == U_NON_SPACING_MARK) {
                compose(current, c);
                continue;
            }
            if (letters > 0 && c >= 0 && u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
                continue;
        }
        if (!flush()) return;
    }
    flush();
}

}  // namespace

std::vector<std::string> words_of(std::string_view text, std::size_t max_words) {
    std::vector<std::string> out;
    if (max_words == 0) return out;
    each_word(text, [&](const std::string& word, int letters) {
        if (letters >= kMinLetters && letters <= kMaxLetters) out.push_back(word);
        return out.size() < max_words;
    });
    return out;
}

bool is_prose(std::string_view line) {
    if (line.find("://") != std::string_view::npos) return true;
    std::size_t good = 0, all = 0;
    for (const char ch : line) {
        const auto c = static_cast<unsigned char>(ch);
        if ((c & 0xC0) == 0x80) continue;  // count code points
        ++all;
        if (c >= 0x80 || std::isalpha(c) != 0 || c == ' ' || c == '\t') ++good;
    }
    return all > 0 && good * 100 >= all * 72;
}

std::vector<std::string_view> prose_lines(const Message& m) {
    std::vector<std::string_view> out;
    for (const auto& line : m.lines)
        if (line.role == LineRole::Own && is_prose(line.text)) out.emplace_back(line.text);
    return out;
}

std::vector<std::string> url_words(std::string_view path_and_query) {
    std::vector<std::string> out;
    std::size_t i = 0;
    while (i < path_and_query.size() && out.size() < 40) {
        // A token is a run of letters and digits; only those of letters alone say something.
        std::size_t j = i;
        bool digits = false;
        while (j < path_and_query.size() &&
               std::isalnum(static_cast<unsigned char>(path_and_query[j])) != 0) {
            digits = digits || std::isdigit(static_cast<unsigned char>(path_and_query[j])) != 0;
            ++j;
        }
        const std::size_t length = j - i;
        if (!digits && length >= static_cast<std::size_t>(kMinLetters) && length < kLongWord)
            for (auto& w : words_of(path_and_query.substr(i, length), 4))
                out.push_back(std::move(w));
        i = j == i ? i + 1 : j;
    }
    return out;
}

bool has_random_token(std::string_view s) {
    std::size_t i = 0;
    while (i < s.size()) {
        std::size_t j = i;
        bool digit = false, letter = false;
        while (j < s.size() && (std::isalnum(static_cast<unsigned char>(s[j])) != 0 ||
                                s[j] == '-' || s[j] == '_')) {
            digit = digit || std::isdigit(static_cast<unsigned char>(s[j])) != 0;
            letter = letter || std::isalpha(static_cast<unsigned char>(s[j])) != 0;
            ++j;
        }
        if (j - i > kRandomToken && digit && letter) return true;
        i = j == i ? i + 1 : j;
    }
    return false;
}

}  // namespace kith
