// SPDX-License-Identifier: Apache-2.0
#include "engine/message/rfc2047.hpp"

#include <optional>

#include "engine/base/text.hpp"
#include "engine/message/charset.hpp"
#include "engine/message/transfer_decode.hpp"

namespace kith::mail {
namespace {

struct EncodedWord {
    std::string_view charset;
    bool base64 = false;
    std::string_view text;
    std::size_t length = 0;  ///< of the whole word
};

/// RFC 2047 asks for no limit but 75; longer ones are seen in practice, a kilobyte of charset name
/// is not.
constexpr std::size_t kMaxCharsetName = 64;

[[nodiscard]] std::optional<EncodedWord> word_at(std::string_view s, bool spaces_allowed) noexcept {
    if (s.size() < 8 || s[0] != '=' || s[1] != '?') return std::nullopt;
    const std::size_t charset_end = s.substr(0, kMaxCharsetName + 3).find('?', 2);
    if (charset_end == std::string_view::npos || charset_end == 2) return std::nullopt;
    if (charset_end + 2 >= s.size() || s[charset_end + 2] != '?') return std::nullopt;
    const char encoding = s[charset_end + 1];
    EncodedWord word;
    if (encoding == 'b' || encoding == 'B') {
        word.base64 = true;
    } else if (encoding != 'q' && encoding != 'Q') {
        return std::nullopt;
    }
    word.charset = s.substr(2, charset_end - 2);
    if (word.charset.find_first_of(" \t\"()<>@,;:") != std::string_view::npos) return std::nullopt;
    const std::size_t text_start = charset_end + 3;
    const std::size_t text_end = s.find('?', text_start);
    if (text_end == std::string_view::npos || text_end + 1 >= s.size() || s[text_end + 1] != '=')
        return std::nullopt;
    word.text = s.substr(text_start, text_end - text_start);
    if (!spaces_allowed && word.text.find_first_of(" \t\r\n") != std::string_view::npos)
        return std::nullopt;
    // RFC 2231, section 5: "*language" may follow the charset.
    word.charset = word.charset.substr(0, word.charset.find('*'));
    word.length = text_end + 2;
    return word;
}

/// Q encoding: '_' is a space, "=XX" a byte; anything else stands for itself.
[[nodiscard]] std::string decode_q(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '_') {
            out += ' ';
        } else if (text[i] == '=' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                   hex_value(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// Header text is one line: line ends and control characters become spaces.
void controls_to_spaces(std::string& s) {
    for (char& c : s) {
        const auto u = static_cast<unsigned char>(c);
        if (u < 0x20 || u == 0x7F) c = ' ';
    }
}

}  // namespace

std::size_t encoded_word_length(std::string_view s) noexcept {
    const auto word = word_at(s, false);
    return word ? word->length : 0;
}

std::string decode_words(std::string_view raw) {
    std::string out;
    std::string pending;  // decoded bytes of adjacent words that share a charset
    std::string_view pending_charset;
    const auto flush = [&] {
        if (!pending.empty()) out += to_utf8(pending, pending_charset).utf8;
        pending.clear();
    };
    std::size_t i = 0;
    bool after_word = false;
    while (i < raw.size()) {
        std::size_t start = raw.find("=?", i);
        std::optional<EncodedWord> word;
        while (start != std::string_view::npos && !(word = word_at(raw.substr(start), true)))
            start = raw.find("=?", start + 1);
        const std::string_view plain =
            raw.substr(i, start == std::string_view::npos ? start : start - i);
        const bool only_space = trim(plain).empty();
        if (!plain.empty() && !(after_word && word && only_space)) {
            flush();
            out += to_utf8(plain, "").utf8;
        }
        if (!word) break;
        if (!ascii_iequals(pending_charset, word->charset)) flush();
        pending_charset = word->charset;
        pending += word->base64 ? decode_base64(word->text).bytes : decode_q(word->text);
        after_word = true;
        i = start + word->length;
    }
    flush();
    controls_to_spaces(out);
    return std::string(trim(out));
}

}  // namespace kith::mail
