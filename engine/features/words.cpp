// SPDX-License-Identifier: Apache-2.0
#include "engine/features/words.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace kith {
namespace {

constexpr int kMinLetters = 2, kMaxLetters = 20;
constexpr std::size_t kRandomToken = 20, kLongWord = 24;

constexpr bool is_ascii_letter(UChar32 c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Bytes that begin a letter, and blanks.
constexpr std::array<bool, 256> kProse = [] {
    std::array<bool, 256> out{};
    for (unsigned c = 0; c < out.size(); ++c)
        out[c] = c >= 0xC0 || is_ascii_letter(static_cast<UChar32>(c)) || c == ' ' || c == '\t';
    return out;
}();

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

/// Cuts text into runs of letters, lower case, decomposed letters composed; what a reader does not
/// see (soft hyphens, zero-width characters) does not part a word. CJK text goes in pairs.
class WordReader {
public:
    explicit WordReader(std::string_view text) noexcept
        : bytes_(reinterpret_cast<const std::uint8_t*>(text.data())),
          size_(static_cast<std::int32_t>(text.size())) {}

    /// Appends the next run to `words`; false at the end. At most kMaxLetters + 1 letters of it.
    bool next(std::string& words, int& letters) {
        letters = 0;
        cjk_ = false;
        while (at_ < size_) {
            if (is_ascii_letter(bytes_[at_]) && (letters == 0 || !cjk_)) {  // most of most mail
                cjk_ = false;
                append_run(words, letters);
                continue;
            }
            const std::int32_t before = at_;
            UChar32 c = 0;
            U8_NEXT(bytes_, at_, size_, c);
            if (c >= 0 && is_letter(c)) {
                const bool cjk = c >= 0x80 && is_cjk(c);
                if (letters > 0 && cjk != cjk_) {
                    at_ = before;  // belongs to the next word
                    return true;
                }
                cjk_ = cjk;
                if (letters++ <= kMaxLetters) append_utf8(words, u_tolower(c));
                if (cjk_ && letters == 2) return true;
            } else if (letters > 0 && !is_part_of_word(c, words)) {
                return true;
            }
        }
        return letters > 0;
    }

private:
    void append_run(std::string& words, int& letters) {
        std::array<char, kMaxLetters + 1> run;
        std::size_t n = 0;
        for (; at_ < size_ && is_ascii_letter(bytes_[at_]); ++at_)
            if (letters++ <= kMaxLetters) run[n++] = static_cast<char>(bytes_[at_] | 0x20);
        words.append(run.data(), n);
    }
    [[nodiscard]] static bool is_letter(UChar32 c) noexcept {
        if (c < 0x80) return is_ascii_letter(c);
        return u_isalpha(c) != 0;
    }
    /// Apostrophes ("don't" is one word), marks on the letter before, invisible characters.
    [[nodiscard]] static bool is_part_of_word(UChar32 c, std::string& word) {
        if (c == '\'' || c == 0x2019) return true;
        if (c < 0x80) return false;
        if (u_charType(c) == U_NON_SPACING_MARK) {
            compose(word, c);
            return true;
        }
        return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
    }

    const std::uint8_t* bytes_;
    std::int32_t size_;
    std::int32_t at_ = 0;
    bool cjk_ = false;
};

}  // namespace

std::size_t WordList::cut(std::string_view text, std::size_t max_words) {
    const std::size_t before = ends_.size();
    WordReader reader(text);
    int letters = 0;
    while (ends_.size() - before < max_words) {
        const std::size_t begin = bytes_.size();
        const bool found = reader.next(bytes_, letters);
        if (found && letters >= kMinLetters && letters <= kMaxLetters)
            ends_.push_back(bytes_.size());
        else
            bytes_.resize(begin);
        if (!found) break;
    }
    return ends_.size() - before;
}

std::vector<std::string> words_of(std::string_view text, std::size_t max_words) {
    WordList words;
    words.cut(text, max_words);
    std::vector<std::string> out;
    out.reserve(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) out.emplace_back(words[i]);
    return out;
}

bool is_prose(std::string_view line) {
    if (line.find("://") != std::string_view::npos) return true;
    std::size_t good = 0, all = 0;
    for (const char ch : line) {  // without a branch: every byte of every mail comes here
        const auto c = static_cast<unsigned char>(ch);
        all += (c & 0xC0U) != 0x80 ? 1U : 0U;  // code points
        good += kProse[c] ? 1U : 0U;
    }
    return all > 0 && good * 100 >= all * 72;
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
