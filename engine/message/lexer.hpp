// SPDX-License-Identifier: Apache-2.0
// Tokens of a structured header field on its raw bytes: words, quoted strings with quoted pairs,
// nested comments and the field's own specials (RFC 5322, section 3.2). Addresses, Received and
// Authentication-Results are read with it. Nothing is decoded here: an encoded comma must not split
// an address. Covered by tests/unit/message/lexer_test.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kith::mail {

enum class TokenKind { Word, Quoted, Comment, Special };

struct Token {
    TokenKind kind = TokenKind::Word;
    std::string text;           ///< quotes, outer parentheses and quoted-pair backslashes removed
    bool space_before = false;  ///< white space, a control character or a comment stands before it
};

/// Pull lexer over one field body; `input` and `specials` must outlive it. Total; O(size) over all
/// calls. One thread.
///
/// A quote or parenthesis that is never closed is not one: it is skipped, the text behind it is
/// read as usual, and `broken()` tells. An RFC 2047 encoded word is one Word whatever specials
/// stand in it.
class Lexer {
public:
    Lexer(std::string_view input, std::string_view specials) noexcept
        : input_(input), specials_(specials) {}

    /// The next token; nullopt at the end.
    [[nodiscard]] std::optional<Token> next();
    /// True once an unclosed quote or comment was met.
    [[nodiscard]] bool broken() const noexcept { return broken_; }
    /// Bytes consumed.
    [[nodiscard]] std::size_t position() const noexcept { return pos_; }

private:
    [[nodiscard]] std::optional<std::string> quoted();
    [[nodiscard]] std::optional<std::string> comment();
    [[nodiscard]] bool is_special(char c) const noexcept {
        return specials_.find(c) != std::string_view::npos;
    }

    std::string_view input_;
    std::string_view specials_;
    std::size_t pos_ = 0;
    bool broken_ = false;
    bool quotes_open_ = false;  ///< an unclosed quote was met: no later one can be closed either
    bool comments_open_ =
        false;  ///< likewise; a later inner one might, but looking again would cost O(n^2)
};

}  // namespace kith::mail
