// SPDX-License-Identifier: Apache-2.0
#include "engine/message/links.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/domain.hpp"
#include "engine/message/transfer_decode.hpp"

namespace kith::mail {
namespace {

/// Bytes of a link looked at; what lies beyond can be no host of a link that works.
constexpr std::size_t kMaxScan = 64 * 1024;

[[nodiscard]] bool is_web(std::string_view scheme) noexcept {
    return scheme == "http" || scheme == "https" || scheme == "ftp";
}

/// Browsers drop tab and line ends anywhere and white space at the ends.
[[nodiscard]] std::string cleaned(std::string_view found) {
    found = found.substr(0, kMaxScan);
    while (!found.empty() && static_cast<unsigned char>(found.front()) <= 0x20)
        found.remove_prefix(1);
    while (!found.empty() && static_cast<unsigned char>(found.back()) <= 0x20)
        found.remove_suffix(1);
    std::string out;
    out.reserve(found.size());
    for (const char c : found)
        if (c != '\t' && c != '\r' && c != '\n') out += c;
    return out;
}

[[nodiscard]] std::string percent_decoded(std::string_view s) {
    if (s.find('%') == std::string_view::npos) return std::string(s);
    std::string out;
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

/// One number of an IPv4 address as browsers read it: decimal, 0x hexadecimal, 0 octal.
[[nodiscard]] std::optional<std::uint32_t> address_number(std::string_view s) {
    int base = 10;
    if (s.size() >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s.remove_prefix(2);
        if (s.empty()) return 0;
    } else if (s.size() >= 2 && s[0] == '0') {
        base = 8;
        s.remove_prefix(1);
    }
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value, base);
    if (error != std::errc{} || end != s.data() + s.size() || s.empty()) return std::nullopt;
    return value;
}

/// Dotted quad of a host that a browser takes for an IPv4 address ("0x7f.1", "2130706433"); nullopt
/// for names.
[[nodiscard]] std::optional<std::string> ipv4_host(std::string_view host) {
    const auto pieces = split(host, '.');
    if (pieces.size() > 4) return std::nullopt;
    std::array<std::uint32_t, 4> numbers{};
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const auto value = address_number(pieces[i]);
        if (!value) return std::nullopt;
        numbers[i] = *value;
    }
    const std::size_t last = pieces.size() - 1;
    std::uint64_t address = numbers[last];
    if (address >= std::uint64_t{1} << (8 * (4 - last))) return std::nullopt;
    for (std::size_t i = 0; i < last; ++i) {
        if (numbers[i] > 255) return std::nullopt;
        address |= std::uint64_t{numbers[i]} << (8 * (3 - i));
    }
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (!out.empty()) out += '.';
        out += std::to_string(address >> static_cast<unsigned>(shift) & 0xFFU);
    }
    return out;
}

/// Fills userinfo, host, path, query of a web link from what follows the scheme.
void read_web_parts(std::string_view rest, std::size_t max_bytes, Link& link) {
    while (!rest.empty() && (rest.front() == '/' || rest.front() == '\\')) rest.remove_prefix(1);
    const std::size_t authority_end = std::min(rest.find_first_of("/\\?#"), rest.size());
    std::string_view authority = rest.substr(0, authority_end);
    rest.remove_prefix(authority_end);
    // The last '@' divides, however long what stands before it is.
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        link.userinfo = utf8_prefix(scrub_utf8(authority.substr(0, at)), max_bytes);
        authority.remove_prefix(at + 1);
    }
    if (!authority.empty() && authority.front() == '[') {
        link.host = scrub_utf8(ascii_lower(authority.substr(
            0, authority.find(']') == std::string_view::npos ? authority.size()
                                                             : authority.find(']') + 1)));
    } else {
        link.host = to_ascii_domain(percent_decoded(authority.substr(0, authority.find(':'))));
        if (auto address = ipv4_host(link.host)) link.host = std::move(*address);
    }
    link.registrable = registrable_domain(link.host);
    rest = rest.substr(0, rest.find('#'));
    std::string_view path = rest;
    if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
        path = rest.substr(0, question);
        link.query = utf8_prefix(scrub_utf8(rest.substr(question + 1)), max_bytes);
    }
    link.path = utf8_prefix(scrub_utf8(path), max_bytes);
    std::replace(link.path.begin(), link.path.end(), '\\', '/');
    const std::size_t start = link.path.find_first_not_of('/');
    if (start != std::string::npos)
        link.tenant = link.path.substr(start, link.path.find('/', start) - start);
}

/// Ends of a link in running text.
[[nodiscard]] bool ends_link(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7F || c == '<' || c == '>' || c == '"' || c == '`';
}

/// Without punctuation that belongs to the sentence; a closing bracket stays when its opening one
/// is inside. O(size).
[[nodiscard]] std::string_view without_trailing_punctuation(std::string_view url) noexcept {
    constexpr std::string_view kClosing = ")]}";
    std::array<std::ptrdiff_t, 3> unmatched{};  // closing brackets more than opening ones
    for (const char c : url) {
        if (const std::size_t k = kClosing.find(c); k != std::string_view::npos) ++unmatched[k];
        if (const std::size_t k = std::string_view("([{").find(c); k != std::string_view::npos)
            --unmatched[k];
    }
    while (!url.empty()) {
        const char c = url.back();
        const std::size_t k = kClosing.find(c);
        if (k != std::string_view::npos) {
            if (unmatched[k] <= 0) return url;
            --unmatched[k];
        } else if (std::string_view(".,;:!?'*_|").find(c) == std::string_view::npos) {
            return url;
        }
        url.remove_suffix(1);
    }
    return url;
}

struct Opening {
    std::size_t begin = std::string_view::npos;
    std::size_t prefix = 0;  ///< bytes that announce the link
};

[[nodiscard]] bool is_word_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The next announced link at or after `i`.
[[nodiscard]] Opening next_opening(std::string_view line, std::size_t i) noexcept {
    static constexpr std::array<std::string_view, 5> kPrefixes{
        "http:", "https:", "ftp:", "mailto:", "www."};
    for (; i < line.size(); ++i) {
        const char first = static_cast<char>(line[i] | 0x20);
        if (first != 'h' && first != 'f' && first != 'm' && first != 'w') continue;
        if (i > 0 && is_word_char(line[i - 1])) continue;
        for (const std::string_view prefix : kPrefixes) {
            if (first != prefix.front() || !ascii_iequals(line.substr(i, prefix.size()), prefix))
                continue;
            std::size_t length = prefix.size();
            if (prefix.back() == ':' && prefix != "mailto:") {
                const std::string_view slashes = line.substr(i + length, 2);
                if (slashes != "//" && slashes != "\\\\" && slashes != "/\\") continue;
                length += 2;
            }
            return {i, length};
        }
    }
    return {};
}

}  // namespace

std::optional<Link> parse_link(std::string_view found, std::size_t max_url_bytes) {
    const std::string url = cleaned(found);
    const std::size_t colon = url.find(':');
    if (colon == std::string::npos || colon == 0 || colon > 8) return std::nullopt;
    Link link;
    link.scheme = ascii_lower(std::string_view(url).substr(0, colon));
    const std::string_view rest = std::string_view(url).substr(colon + 1);
    if (is_web(link.scheme)) {
        read_web_parts(rest, max_url_bytes, link);
        if (link.host.empty()) return std::nullopt;
    } else if (link.scheme != "mailto" && link.scheme != "tel" && link.scheme != "data") {
        return std::nullopt;
    }
    link.url =
        utf8_prefix(scrub_utf8(std::string_view(url).substr(0, max_url_bytes)), max_url_bytes);
    return link;
}

std::vector<TextLink> find_text_links(std::string_view line) {
    std::vector<TextLink> links;
    std::size_t i = 0;
    while (true) {
        const Opening opening = next_opening(line, i);
        if (opening.begin == std::string_view::npos) break;
        std::size_t end = opening.begin + opening.prefix;
        while (end < line.size() && !ends_link(line[end])) ++end;
        const std::string_view url =
            without_trailing_punctuation(line.substr(opening.begin, end - opening.begin));
        if (url.size() > opening.prefix) links.push_back({opening.begin, url.size(), false});
        i = std::max(end, opening.begin + opening.prefix);
    }
    if (links.size() == 1) {
        std::string rest(line.substr(0, links[0].begin));
        rest += line.substr(links[0].begin + links[0].length);
        links[0].alone = std::none_of(rest.begin(), rest.end(), [](char c) {
            return is_word_char(c) || static_cast<unsigned char>(c) >= 0x80;
        });
    }
    return links;
}

}  // namespace kith::mail
