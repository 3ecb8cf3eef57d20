// SPDX-License-Identifier: Apache-2.0
#include "engine/message/lexer.hpp"

#include "engine/message/rfc2047.hpp"

namespace kith::mail {
namespace {

/// White space and control characters separate words; so does NUL.
[[nodiscard]] bool is_gap(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7F;
}

}  // namespace

std::optional<std::string> Lexer::quoted() {
    std::string text;
    for (std::size_t i = pos_ + 1; i < input_.size(); ++i) {
        const char c = input_[i];
        if (c == '"') {
            pos_ = i + 1;
            return text;
        }
        if (c == '\\' && i + 1 < input_.size()) ++i;
        if (input_[i] != '\r' && input_[i] != '\n') text += input_[i];
    }
    return std::nullopt;
}

std::optional<std::string> Lexer::comment() {
    std::string text;
    int depth = 0;
    for (std::size_t i = pos_; i < input_.size(); ++i) {
        const char c = input_[i];
        if (c == '\\' && i + 1 < input_.size()) {
            text += input_[++i];
        } else if (c == '(') {
            if (depth++ > 0) text += c;
        } else if (c == ')') {
            if (--depth == 0) {
                pos_ = i + 1;
                return text;
            }
            text += c;
        } else if (c != '\r' && c != '\n') {
            text += c;
        }
    }
    return std::nullopt;
}

std::optional<Token> Lexer::next() {
    Token token;
    while (pos_ < input_.size()) {
        const char c = input_[pos_];
        if (is_gap(c)) {
            token.space_before = true;
            ++pos_;
            continue;
        }
        if (c == '"') {
            if (!quotes_open_) {
                if (auto text = quoted()) {
                    token.kind = TokenKind::Quoted;
                    token.text = std::move(*text);
                    return token;
                }
                quotes_open_ = true;
                broken_ = true;
            }
            ++pos_;
            continue;
        }
        if (c == '(') {
            if (!comments_open_) {
                if (auto text = comment()) {
                    token.kind = TokenKind::Comment;
                    token.text = std::move(*text);
                    return token;
                }
                comments_open_ = true;
                broken_ = true;
            }
            ++pos_;
            continue;
        }
        if (is_special(c)) {
            token.kind = TokenKind::Special;
            token.text.assign(1, c);
            ++pos_;
            return token;
        }
        break;
    }
    if (pos_ >= input_.size()) return std::nullopt;
    const std::size_t start = pos_;
    while (pos_ < input_.size()) {
        const char c = input_[pos_];
        if (c == '=') {
            if (const std::size_t length = encoded_word_length(input_.substr(pos_)); length > 0) {
                // An encoded word stands alone; glued text before it is a word of its own.
                if (pos_ > start) break;
                pos_ += length;
                break;
            }
        }
        if (is_gap(c) || c == '"' || c == '(' || is_special(c)) {
            if (pos_ > start) break;
        }
        ++pos_;
    }
    token.kind = TokenKind::Word;
    token.text.assign(input_.substr(start, pos_ - start));
    return token;
}

}  // namespace kith::mail
