// SPDX-License-Identifier: Apache-2.0
#include "engine/message/auth_results.hpp"

#include <algorithm>
#include <array>

#include "engine/base/text.hpp"
#include "engine/message/domain.hpp"
#include "engine/message/lexer.hpp"

namespace kith::mail {
namespace {

constexpr std::size_t kMaxResults = 64;
/// Longest value kept of one property or tag, bytes; RFC 1035 names end at 253.
constexpr std::size_t kMaxValue = 512;

/// One "name=value" of a result; a value that touches a comment is poisoned.
struct Pair {
    std::string name;
    std::string value;
    bool poisoned = false;
};

/// Without the comments that touch nothing before them.
[[nodiscard]] std::vector<Token> without_free_comments(const std::vector<Token>& tokens) {
    std::vector<Token> out;
    bool gap = false;
    for (const Token& token : tokens) {
        const bool touches =
            !token.space_before && !gap && !out.empty() && out.back().kind != TokenKind::Special;
        if (token.kind == TokenKind::Comment && !touches) {
            gap = true;
            continue;
        }
        out.push_back(token);
        out.back().space_before = token.space_before || gap;
        gap = false;
    }
    return out;
}

/// The pairs of one resinfo. Values end at white space; "=" inside a value (a header.b) is part of
/// it.
[[nodiscard]] std::vector<Pair> read_pairs(const std::vector<Token>& all) {
    const std::vector<Token> tokens = without_free_comments(all);
    std::vector<Pair> pairs;
    std::size_t i = 0;
    const auto is_equals = [&](std::size_t k) {
        return k < tokens.size() && tokens[k].kind == TokenKind::Special;
    };
    while (i < tokens.size()) {
        if (tokens[i].kind != TokenKind::Word || !is_equals(i + 1)) {
            ++i;
            continue;
        }
        Pair pair;
        pair.name = ascii_lower(tokens[i].text);
        i += 2;
        bool first = true;
        while (i < tokens.size() && (first || !tokens[i].space_before)) {
            if (tokens[i].kind == TokenKind::Comment) {
                // RFC 8601 allows a comment here; no known server writes one without a space, and
                // an attacker's "d=" may.
                pair.poisoned = true;
                break;
            }
            pair.value += tokens[i].text;
            first = false;
            ++i;
        }
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

/// The domain a property's value names: what follows the last '@', or the whole. "" when it is no
/// name.
[[nodiscard]] std::string domain_of(std::string_view value) {
    if (value.size() > kMaxValue) return {};
    while (!value.empty() && (value.front() == '<' || value.front() == '>')) value.remove_prefix(1);
    while (!value.empty() && value.back() == '>') value.remove_suffix(1);
    if (const std::size_t at = value.rfind('@'); at != std::string_view::npos)
        value = value.substr(at + 1);
    std::string domain = to_ascii_domain(value);
    return is_plain_domain(domain) ? domain : std::string();
}

[[nodiscard]] bool is_keyword(std::string_view s) noexcept {
    return !s.empty() && s.size() <= 64 && std::all_of(s.begin(), s.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

/// Properties that name the identity a method checked, the authoritative one first.
[[nodiscard]] std::array<std::string_view, 3> identity_properties(
    std::string_view method) noexcept {
    if (method == "spf") return {"smtp.mailfrom", "smtp.helo", ""};
    if (method == "dkim" || method == "dkim-adsp" || method == "dkim-atps")
        return {"header.d", "header.i", "header.from"};
    if (method == "dmarc") return {"header.from", "", ""};
    return {"header.d", "header.from", "smtp.mailfrom"};
}

[[nodiscard]] std::optional<AuthResult> read_result(const std::vector<Token>& tokens) {
    const std::vector<Pair> pairs = read_pairs(tokens);
    if (pairs.empty() || pairs.front().poisoned) return std::nullopt;
    AuthResult result;
    result.method = pairs.front().name.substr(0, pairs.front().name.find('/'));  // "/version"
    result.result = ascii_lower(pairs.front().value);
    if (!is_keyword(result.method) || !is_keyword(result.result)) return std::nullopt;
    const auto find = [&](std::string_view name) -> const Pair* {
        for (std::size_t i = 1; i < pairs.size(); ++i)
            if (pairs[i].name == name) return &pairs[i];
        return nullptr;
    };
    for (const std::string_view property : identity_properties(result.method)) {
        if (property.empty()) continue;
        const Pair* pair = find(property);
        if (pair == nullptr) continue;
        if (pair->poisoned) return std::nullopt;
        result.domain = domain_of(pair->value);
        if (result.domain.empty()) {
            // "smtp.mailfrom=<>" leaves the check to HELO; a value that is no name makes the result
            // worthless.
            if (property == "smtp.mailfrom" &&
                trim(pair->value).find_first_not_of("<>") == std::string_view::npos)
                continue;
            return std::nullopt;
        }
        result.property = property;
        break;
    }
    if (const Pair* selector = find("header.s");
        selector != nullptr && !selector->poisoned && is_plain_domain(selector->value))
        result.selector = ascii_lower(selector->value.substr(0, kMaxValue));
    return result;
}

}  // namespace

std::optional<AuthField> parse_auth_results(std::string_view field,
                                            const std::vector<std::string>& trusted) {
    Lexer lexer(field, ";=");
    std::optional<Token> token = lexer.next();
    while (token && token->kind == TokenKind::Comment) token = lexer.next();
    if (!token || (token->kind != TokenKind::Word && token->kind != TokenKind::Quoted))
        return std::nullopt;
    AuthField read{ascii_lower(token->text), {}};
    std::vector<AuthResult>& results = read.results;
    if (std::find(trusted.begin(), trusted.end(), read.server) == trusted.end())
        return std::nullopt;
    // Only a version number and comments may stand between the id and the first result.
    while ((token = lexer.next())) {
        if (token->kind == TokenKind::Special && token->text == ";") break;
        const bool version = token->kind == TokenKind::Word && token->space_before &&
                             token->text.find_first_not_of("0123456789") == std::string::npos;
        if (token->kind != TokenKind::Comment && !version) return std::nullopt;
    }
    std::vector<Token> tokens;
    const auto finish = [&] {
        if (!lexer.broken() && results.size() < kMaxResults)
            if (auto result = read_result(tokens)) results.push_back(std::move(*result));
        tokens.clear();
    };
    while ((token = lexer.next())) {
        if (lexer.broken()) return read;
        if (token->kind == TokenKind::Special && token->text == ";") {
            finish();
        } else {
            tokens.push_back(std::move(*token));
        }
    }
    finish();
    return read;
}

std::optional<DkimClaim> parse_dkim_signature(std::string_view field) {
    DkimClaim claim;
    for (const std::string_view piece : split(field, ';')) {
        const std::size_t equals = piece.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view tag = trim(piece.substr(0, equals));
        std::string value;
        for (const char c : piece.substr(equals + 1)) {
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n') value += c;
            if (value.size() >= 4096) break;  // only b= and bh= are long
        }
        if (tag == "d" && claim.domain.empty()) claim.domain = to_ascii_domain(value);
        if (tag == "s" && claim.selector.empty())
            claim.selector = scrub_utf8(ascii_lower(value.substr(0, kMaxValue)));
        if (tag == "h" && claim.signed_headers.empty())
            claim.signed_headers = scrub_utf8(ascii_lower(value));
        if (tag == "a" && claim.algorithm.empty())
            claim.algorithm = scrub_utf8(ascii_lower(value.substr(0, 64)));
    }
    if (claim.domain.empty()) return std::nullopt;
    return claim;
}

}  // namespace kith::mail
