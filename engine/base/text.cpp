// SPDX-License-Identifier: Apache-2.0
// Small text functions over hostile bytes: used by every parser and by the command line. UTF-8 is
// checked by hand (the table of Unicode 15, section 3.9, D92) because ASCII, nearly all of mail,
// then costs one compare per eight bytes. Covered by tests/unit/base/text_test.cpp.
#include "engine/base/text.hpp"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/uchar.h>
#include <unicode/utypes.h>

#include <algorithm>
#include <cstring>

namespace kith {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

[[nodiscard]] std::uint8_t byte_at(std::string_view s, std::size_t i) noexcept {
    return static_cast<std::uint8_t>(s[i]);
}

/// Bytes of `s` from `i` on that are ASCII and not NUL.
[[nodiscard]] std::size_t ascii_run(std::string_view s, std::size_t i) noexcept {
    const std::size_t start = i;
    while (i + 8 <= s.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, s.data() + i, 8);
        const std::uint64_t zero = (word - 0x0101010101010101U) & ~word & 0x8080808080808080U;
        if (((word & 0x8080808080808080U) | zero) != 0) break;
        i += 8;
    }
    while (i < s.size() && byte_at(s, i) < 0x80 && s[i] != '\0') ++i;
    return i - start;
}

struct Sequence {
    std::size_t length;  ///< bytes of the sequence, or of its maximal valid prefix (at least 1)
    bool valid;
};

/// The UTF-8 sequence that starts at `i`, where byte i is not ASCII.
[[nodiscard]] Sequence sequence_at(std::string_view s, std::size_t i) noexcept {
    const std::uint8_t lead = byte_at(s, i);
    std::size_t more = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        more = 2;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;  // surrogates
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        more = 3;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return {1, false};
    }
    for (std::size_t k = 1; k <= more; ++k) {
        if (i + k >= s.size()) return {k, false};
        const std::uint8_t next = byte_at(s, i + k);
        if (next < low || next > high) return {k, false};
        low = 0x80;
        high = 0xBF;
    }
    return {more + 1, true};
}

[[nodiscard]] constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string ascii_lower(std::string_view s) {
    std::string out(s);
    std::size_t i = 0;
    // Without a branch and of fixed length, so that the compiler takes a block at once.
    constexpr std::size_t kBlock = 32;
    for (; i + kBlock <= out.size(); i += kBlock)
        for (std::size_t k = 0; k < kBlock; ++k) {
            const auto c = static_cast<unsigned char>(out[i + k]);
            out[i + k] =
                static_cast<char>(c | (static_cast<unsigned char>(c - 'A') < 26 ? 0x20 : 0));
        }
    for (; i < out.size(); ++i) out[i] = lower(out[i]);
    return out;
}

bool ascii_iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view s) noexcept {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
    return s;
}

std::string scrub_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    std::size_t i = 0;
    while (i < bytes.size()) {
        const std::size_t run = ascii_run(bytes, i);
        out.append(bytes.substr(i, run));
        i += run;
        if (i >= bytes.size()) break;
        if (bytes[i] == '\0') {
            out.append(kReplacement);
            ++i;
            continue;
        }
        const Sequence sequence = sequence_at(bytes, i);
        out.append(sequence.valid ? bytes.substr(i, sequence.length) : kReplacement);
        i += sequence.length;
    }
    return out;
}

std::string scrub_utf8(std::string_view bytes, std::size_t max_bytes) {
    // Scrubbing never makes text shorter, so a sequence that is cut off here lies behind the bound.
    constexpr std::size_t kLongestSequence = 4;
    const bool is_longer = bytes.size() > max_bytes;
    std::string out = scrub_utf8(is_longer ? bytes.substr(0, max_bytes + kLongestSequence) : bytes);
    out.resize(utf8_prefix(out, max_bytes).size());
    return out;
}

bool steers_display(std::string_view sequence) noexcept {
    if (sequence.empty()) return false;
    // Of a lead byte the bits below its length mark count, of the others six.
    const std::uint8_t lead = byte_at(sequence, 0);
    UChar32 code_point =
        lead < 0x80 ? lead : lead & (0x7F >> std::min<std::size_t>(sequence.size(), 4));
    for (std::size_t i = 1; i < std::min<std::size_t>(sequence.size(), 4); ++i)
        code_point = (code_point << 6) | (byte_at(sequence, i) & 0x3F);
    return (U_GET_GC_MASK(code_point) &
            (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0;
}

bool is_valid_utf8(std::string_view bytes) noexcept {
    std::size_t i = 0;
    while (i < bytes.size()) {
        i += ascii_run(bytes, i);
        if (i >= bytes.size()) break;
        if (bytes[i] == '\0') {
            ++i;
            continue;
        }
        const Sequence sequence = sequence_at(bytes, i);
        if (!sequence.valid) return false;
        i += sequence.length;
    }
    return true;
}

std::string_view utf8_prefix(std::string_view s, std::size_t max_bytes) noexcept {
    if (s.size() <= max_bytes) return s;
    std::size_t end = max_bytes;
    while (end > 0 && (byte_at(s, end) & 0xC0U) == 0x80) --end;
    return s.substr(0, end);
}

std::string utf8_lower(std::string_view s) {
    if (ascii_run(s, 0) == s.size()) return ascii_lower(s);
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(s.size()));
    UErrorCode error = U_ZERO_ERROR;
    icu::CaseMap::utf8ToLower("", 0,
                              icu::StringPiece(s.data(), static_cast<std::int32_t>(s.size())), sink,
                              nullptr, error);
    return U_SUCCESS(error) ? out : ascii_lower(s);
}

std::string_view domain_of(std::string_view address) noexcept {
    const auto at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

bool is_domain_or_below(std::string_view domain, std::string_view top) noexcept {
    if (domain.size() < top.size()) return false;
    const std::size_t begin = domain.size() - top.size();
    return ascii_iequals(domain.substr(begin), top) && (begin == 0 || domain[begin - 1] == '.');
}

std::vector<std::string_view> split(std::string_view s, char separator) {
    std::vector<std::string_view> pieces;
    std::size_t start = 0;
    while (true) {
        const std::size_t end = s.find(separator, start);
        if (end == std::string_view::npos) break;
        pieces.push_back(s.substr(start, end - start));
        start = end + 1;
    }
    pieces.push_back(s.substr(start));
    return pieces;
}

int edit_distance(std::string_view a, std::string_view b, int limit) {
    if (limit < 0) limit = 0;
    if (a.size() > b.size()) std::swap(a, b);
    const auto bound = static_cast<std::size_t>(limit);
    if (b.size() - a.size() > bound) return limit + 1;
    std::vector<int> row(a.size() + 1);
    for (std::size_t i = 0; i <= a.size(); ++i) row[i] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
        int diagonal = row[0];
        row[0] = static_cast<int>(j);
        int best = row[0];
        for (std::size_t i = 1; i <= a.size(); ++i) {
            const int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[i];
            row[i] = std::min({row[i] + 1, row[i - 1] + 1, substituted});
            best = std::min(best, row[i]);
        }
        if (best > limit) return limit + 1;
    }
    return std::min(row[a.size()], limit + 1);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    const int limit =
        std::max(2, static_cast<int>(std::min<std::size_t>(word.size(), 1U << 20U) / 3));
    int best_distance = limit + 1;
    std::string best;
    for (const std::string& candidate : candidates) {
        const int distance = edit_distance(word, candidate, limit);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace kith
