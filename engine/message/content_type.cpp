// SPDX-License-Identifier: Apache-2.0
#include "engine/message/content_type.hpp"

#include <algorithm>
#include <map>

#include "engine/base/text.hpp"
#include "engine/message/charset.hpp"
#include "engine/message/rfc2047.hpp"
#include "engine/message/transfer_decode.hpp"

namespace kith::mail {
namespace {

constexpr std::size_t kMaxParameters = 128;
/// Sections of one RFC 2231 parameter; a file name of 10 KB needs 128.
constexpr unsigned kMaxSections = 128;

[[nodiscard]] std::string percent_decoded(std::string_view s) {
    std::string out;
    out.reserve(s.size());
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '%' && i + 2 < s.size() && hex_value(s[i + 1]) >= 0 &&
            hex_value(s[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
            i += 2;
        } else {
            out += s[i];
        }
    }
    return out;
}

/// The end of the piece that starts at `i`: the next ';' outside quotes and comments.
struct Piece {
    std::string text;     ///< comments outside quotes removed
    std::size_t end = 0;  ///< position of the ';' or the end
};

[[nodiscard]] Piece piece_at(std::string_view s, std::size_t i) {
    Piece piece;
    bool quoted = false;
    int depth = 0;
    // An unclosed quote is not one: then the piece ends at the ';' as if it were absent.
    const auto closes = [&s](std::size_t from) {
        return s.find('"', from) != std::string_view::npos;
    };
    for (; i < s.size(); ++i) {
        const char c = s[i];
        if (quoted) {
            piece.text += c;
            if (c == '\\' && i + 1 < s.size()) {
                piece.text += s[++i];
            } else if (c == '"') {
                quoted = false;
            }
            continue;
        }
        if (depth > 0) {
            if (c == '(') ++depth;
            if (c == ')') --depth;
            continue;
        }
        if (c == ';') break;
        if (c == '"' && closes(i + 1)) quoted = true;
        if (c == '(' &&
            (piece.text.empty() || piece.text.back() == ' ' || piece.text.back() == '\t') &&
            s.find(')', i) != std::string_view::npos) {
            ++depth;
            continue;
        }
        piece.text += c;
    }
    piece.end = i;
    return piece;
}

/// The inside of a quoted string at the start of `s`, or `s` up to its end without trailing white
/// space.
[[nodiscard]] std::string value_of(std::string_view s) {
    s = trim(s);
    if (s.empty() || s.front() != '"') return std::string(s);
    std::string out;
    for (std::size_t i = 1; i < s.size(); ++i) {
        if (s[i] == '"') return out;
        // A back slash before anything but these is a Windows path, not a quoted pair.
        if (s[i] == '\\' && i + 1 < s.size() && (s[i + 1] == '"' || s[i + 1] == '\\')) ++i;
        if (s[i] != '\r' && s[i] != '\n') out += s[i];
    }
    return out;
}

}  // namespace

ParameterField parse_parameter_field(std::string_view field) {
    ParameterField result;
    std::size_t i = 0;
    bool first = true;
    while (i <= field.size() && result.parameters.size() < kMaxParameters) {
        const Piece piece = piece_at(field, i);
        i = piece.end + 1;
        if (first) {
            first = false;
            for (const char c : piece.text)
                if (static_cast<unsigned char>(c) > 0x20) result.value += c;
            result.value = ascii_lower(result.value);
            continue;
        }
        const std::string_view text = piece.text;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        std::string name = ascii_lower(trim(text.substr(0, equals)));
        if (name.empty()) continue;
        const bool known = std::any_of(result.parameters.begin(), result.parameters.end(),
                                       [&](const auto& p) { return p.first == name; });
        if (!known)
            result.parameters.emplace_back(std::move(name), value_of(text.substr(equals + 1)));
    }
    return result;
}

std::string_view ParameterField::raw(std::string_view name) const noexcept {
    for (const auto& [key, value_raw] : parameters)
        if (key == name) return value_raw;
    return {};
}

std::string ParameterField::decoded(std::string_view name) const {
    struct Section {
        std::string_view text;
        bool extended;
    };
    std::map<unsigned, Section> sections;
    for (const auto& [key, text] : parameters) {
        if (key.size() <= name.size() || key.compare(0, name.size(), name) != 0 ||
            key[name.size()] != '*')
            continue;
        std::string_view rest = std::string_view(key).substr(name.size() + 1);
        const bool extended = rest.empty() || rest.back() == '*';
        if (!rest.empty() && rest.back() == '*') rest.remove_suffix(1);
        unsigned number = 0;
        if (rest.size() > 4 || rest.find_first_not_of("0123456789") != std::string_view::npos)
            continue;
        for (const char c : rest) number = number * 10 + static_cast<unsigned>(c - '0');
        if (number < kMaxSections) sections.emplace(number, Section{text, extended});
    }
    if (sections.count(0) != 0) {
        std::string bytes;
        std::string charset;
        unsigned expected = 0;
        for (const auto& [number, section] : sections) {
            if (number != expected++) break;
            std::string_view text = section.text;
            if (number == 0 && section.extended) {
                const std::size_t charset_end = text.find('\'');
                const std::size_t language_end = charset_end == std::string_view::npos
                                                     ? charset_end
                                                     : text.find('\'', charset_end + 1);
                if (language_end != std::string_view::npos) {
                    charset = text.substr(0, charset_end);
                    text = text.substr(language_end + 1);
                }
            }
            bytes += section.extended ? percent_decoded(text) : std::string(text);
        }
        std::string text = to_utf8(bytes, charset).utf8;
        return text.find("=?") == std::string::npos ? text : decode_words(text);
    }
    return decode_words(raw(name));
}

std::string media_type_of(const ParameterField& field) {
    const std::string& value = field.value;
    if (value.empty() || value == "text" || value == "text/") return "text/plain";
    const std::size_t slash = value.find('/');
    const auto is_token = [](std::string_view s) {
        return !s.empty() && s.size() <= 127 && std::all_of(s.begin(), s.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   std::string_view("!#$&-^_.+%*'`{|}~").find(c) != std::string_view::npos;
        });
    };
    if (slash == std::string::npos || !is_token(std::string_view(value).substr(0, slash)) ||
        !is_token(std::string_view(value).substr(slash + 1)))
        return "application/octet-stream";
    return value;
}

}  // namespace kith::mail
