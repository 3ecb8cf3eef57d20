// SPDX-License-Identifier: Apache-2.0
#include "engine/message/received.hpp"

#include <arpa/inet.h>

#include <array>
#include <string>
#include <utility>

#include "engine/base/text.hpp"
#include "engine/message/date.hpp"
#include "engine/message/domain.hpp"
#include "engine/message/lexer.hpp"

namespace kith::mail {
namespace {

/// Textual address in one form, "" when `text` is none. Takes "[192.0.2.1]", "IPv6:2001:db8::1",
/// "::ffff:192.0.2.1".
[[nodiscard]] std::string plain_address(std::string_view text) {
    while (!text.empty() && (text.front() == '[' || text.front() == '(')) text.remove_prefix(1);
    if (const std::size_t end = text.find_first_of("])%"); end != std::string_view::npos)
        text = text.substr(0, end);
    if (ascii_iequals(text.substr(0, 5), "IPv6:")) text.remove_prefix(5);
    const std::string copy(text.substr(0, INET6_ADDRSTRLEN));
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) {
        inet_ntop(AF_INET, bytes.data(), out.data(), out.size());
        return out.data();
    }
    if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return {};
    static constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0,    0,
                                                           0, 0, 0, 0, 0xFF, 0xFF};
    if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
        inet_ntop(AF_INET, bytes.data() + 12, out.data(), out.size());
    } else {
        inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
    }
    return out.data();
}

/// Host in a bracketed or plain form, comparable.
[[nodiscard]] std::string host_word(std::string_view word) {
    if (std::string address = plain_address(word); !address.empty()) return address;
    return to_ascii_domain(word);
}

/// "rdns [ip]", "[ip] helo=x", "HELO x", "ip", "envelope-from …": what a server says behind the
/// client's own name.
void read_from_comment(std::string_view comment, ReceivedHop& hop) {
    std::size_t i = 0;
    bool helo_next = false;
    while (i < comment.size()) {
        const std::size_t start = comment.find_first_not_of(" \t\r\n(", i);
        if (start == std::string_view::npos) return;
        std::size_t end = comment.find_first_of(" \t\r\n(", start);
        if (end == std::string_view::npos) end = comment.size();
        std::string_view word = comment.substr(start, end - start);
        i = end;
        while (!word.empty() && (word.back() == ')' || word.back() == ',')) word.remove_suffix(1);
        if (helo_next || ascii_iequals(word.substr(0, 5), "helo=")) {
            if (!helo_next) word.remove_prefix(5);
            hop.from_helo = host_word(word);
            helo_next = false;
            continue;
        }
        if (ascii_iequals(word, "HELO") || ascii_iequals(word, "EHLO")) {
            helo_next = true;
            continue;
        }
        // "user@host" of ident, "key=value" of other programs, "may be forged" say nothing of the
        // place.
        if (const std::size_t at = word.find('@'); at != std::string_view::npos)
            word = word.substr(at + 1);
        if (const std::string address = plain_address(word); !address.empty()) {
            if (hop.from_ip.empty()) hop.from_ip = address;
        } else if (hop.from_rdns.empty() && word.find('.') != std::string_view::npos &&
                   is_plain_domain(word)) {
            hop.from_rdns = to_ascii_domain(word);
        } else if (hop.from_rdns.empty() && ascii_iequals(word, "unknown")) {
            hop.from_rdns = "unknown";
        }
    }
}

[[nodiscard]] std::string upper_token(std::string_view word) {
    std::string out;
    for (const char c : word.substr(0, 64))
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return scrub_utf8(out);
}

}  // namespace

ReceivedHop parse_received(std::string_view field) {
    ReceivedHop hop;
    enum class Clause { None, From, By, With, Other };
    Clause clause = Clause::None;
    // Exim writes the address it saw in place of the name; others write there what the client said.
    std::string claimed_ip;
    Clause section = Clause::None;  // comments belong to the clause before them
    Lexer lexer(field, ";");
    while (auto token = lexer.next()) {
        if (token->kind == TokenKind::Special) continue;
        if (token->kind == TokenKind::Comment) {
            if (section == Clause::From) read_from_comment(token->text, hop);
            continue;
        }
        if (clause == Clause::None) {
            if (ascii_iequals(token->text, "from") && section == Clause::None)
                clause = Clause::From;
            if (ascii_iequals(token->text, "by")) clause = Clause::By;
            if (ascii_iequals(token->text, "with")) clause = Clause::With;
            if (ascii_iequals(token->text, "id") || ascii_iequals(token->text, "for") ||
                ascii_iequals(token->text, "via"))
                clause = Clause::Other;
            if (clause != Clause::None) section = clause;
            continue;
        }
        if (clause == Clause::From) {
            hop.from_helo = host_word(token->text);
            if (token->text.starts_with('[')) claimed_ip = plain_address(token->text);
        } else if (clause == Clause::By && hop.by.empty()) {
            hop.by = host_word(token->text);
        } else if (clause == Clause::With && hop.with.empty()) {
            hop.with = upper_token(token->text);
        }
        clause = Clause::None;
    }
    if (hop.from_ip.empty()) hop.from_ip = std::move(claimed_ip);
    if (const std::size_t semicolon = field.rfind(';'); semicolon != std::string_view::npos) {
        if (const auto date = parse_date(field.substr(semicolon + 1))) {
            hop.time = date->time;
            hop.utc_offset_minutes = date->utc_offset_minutes;
        }
    }
    return hop;
}

}  // namespace kith::mail
