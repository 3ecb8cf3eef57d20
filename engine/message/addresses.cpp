// SPDX-License-Identifier: Apache-2.0
#include "engine/message/addresses.hpp"

#include <span>
#include <string>
#include <utility>

#include "engine/base/text.hpp"
#include "engine/message/domain.hpp"
#include "engine/message/lexer.hpp"
#include "engine/message/rfc2047.hpp"

namespace kith::mail {
namespace {

[[nodiscard]] bool is_special(const Token& t, char c) noexcept {
    return t.kind == TokenKind::Special && t.text[0] == c;
}
[[nodiscard]] bool is_word(const Token& t) noexcept {
    return t.kind == TokenKind::Word || t.kind == TokenKind::Quoted;
}

/// What the words before an address say.
struct Phrase {
    std::string name;
    NameForm form = NameForm::None;
};

[[nodiscard]] Phrase read_phrase(std::span<const Token> tokens) {
    Phrase phrase;
    std::string raw;
    std::string comment;
    for (const Token& token : tokens) {
        if (token.kind == TokenKind::Comment) {
            if (comment.empty()) comment = token.text;
            continue;
        }
        if (!raw.empty() && token.space_before) raw += ' ';
        if (phrase.form == NameForm::None) {
            if (token.kind == TokenKind::Quoted) {
                phrase.form = NameForm::Quoted;
            } else {
                phrase.form =
                    encoded_word_length(token.text) > 0 ? NameForm::Encoded : NameForm::Bare;
            }
        }
        raw += token.text;
    }
    if (!raw.empty()) {
        phrase.name = decode_words(raw);
    } else if (!comment.empty()) {
        phrase.name = decode_words(comment);
        phrase.form = NameForm::Comment;
    }
    if (phrase.name.empty()) phrase.form = NameForm::None;
    return phrase;
}

/// Fills local part and domain from tokens of one addr-spec; the last '@' divides.
void read_addr_spec(std::span<const Token> tokens, Mailbox& mailbox) {
    std::size_t at = tokens.size();
    for (std::size_t i = 0; i < tokens.size(); ++i)
        if (is_special(tokens[i], '@')) at = i;
    std::string local;
    std::string domain;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (i == at || tokens[i].kind == TokenKind::Comment) continue;
        (i < at ? local : domain) += tokens[i].text;
    }
    mailbox.local_part = scrub_utf8(local);
    mailbox.domain = to_ascii_domain(domain);
}

class AddressReader {
public:
    explicit AddressReader(std::size_t max_addresses) noexcept : max_(max_addresses) {}

    void read(std::string_view raw) {
        Lexer lexer(raw, "<>@,;:.");
        while (auto token = lexer.next()) {
            if (list_.cut) return;
            if (in_angle_) {
                angle_token(std::move(*token));
            } else {
                outer_token(std::move(*token));
            }
        }
        if (in_angle_) close_angle();
        end_element();
    }
    [[nodiscard]] AddressList take() && { return std::move(list_); }

private:
    void outer_token(Token token) {
        if (is_special(token, ',') || is_special(token, ';')) {
            end_element();
        } else if (is_special(token, '<')) {
            in_angle_ = true;
        } else if (is_special(token, '>')) {
            return;  // a stray one
        } else if (is_special(token, ':') && !pending_has_at_) {
            pending_.clear();  // name of a group; its members follow
        } else {
            if (is_special(token, '@')) pending_has_at_ = true;
            pending_.push_back(std::move(token));
        }
    }

    void angle_token(Token token) {
        if (is_special(token, '>')) {
            close_angle();
        } else if (is_special(token, '<')) {
            return;
        } else if (is_special(token, ':') && !angle_.empty() && is_special(angle_.front(), '@')) {
            angle_.clear();  // end of a source route
        } else if ((is_special(token, ',') || is_special(token, ';')) &&
                   (angle_.empty() || !is_special(angle_.front(), '@'))) {
            close_angle();  // the bracket was never closed
            end_element();
        } else {
            angle_.push_back(std::move(token));
        }
    }

    void close_angle() {
        in_angle_ = false;
        Mailbox mailbox;
        read_addr_spec(angle_, mailbox);
        angle_.clear();
        // An address before the bracket is another mailbox to some programs and a name to others:
        // both are kept.
        if (pending_has_at_ && angle_seen_) loose_addresses();
        Phrase phrase = read_phrase(pending_);
        mailbox.display_name = std::move(phrase.name);
        mailbox.form = phrase.form;
        pending_.clear();
        pending_has_at_ = false;
        angle_seen_ = true;
        add(std::move(mailbox));
    }

    void end_element() {
        if (pending_has_at_) {
            loose_addresses();
        } else if (angle_seen_) {
            name_from_comment(pending_);
        } else if (!pending_.empty()) {
            Mailbox mailbox;
            std::string text;
            for (const Token& token : pending_) {
                if (token.kind == TokenKind::Comment) continue;
                if (!text.empty() && token.space_before) text += ' ';
                text += token.text;
            }
            Phrase phrase = read_phrase(pending_);
            mailbox.local_part = scrub_utf8(text);
            // An encoded word here may decode to what looks like an address: it is a name, never
            // one.
            if (phrase.form == NameForm::Encoded || phrase.form == NameForm::Comment) {
                mailbox.display_name = std::move(phrase.name);
                mailbox.form = phrase.form;
            }
            if (!mailbox.local_part.empty()) add(std::move(mailbox));
        }
        pending_.clear();
        pending_has_at_ = false;
        angle_seen_ = false;
    }

    /// Addresses without brackets in `pending_`, with what stands before each as its name.
    void loose_addresses() {
        const std::span<const Token> tokens = pending_;
        std::size_t start = 0;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (!is_special(tokens[i], '@')) continue;
            std::size_t begin = i;
            if (begin > start && is_word(tokens[begin - 1])) --begin;
            while (begin > start && begin < i) {
                const Token& before = tokens[begin - 1];
                const bool joined = is_special(before, '.') || is_special(tokens[begin], '.') ||
                                    (is_word(before) && !tokens[begin].space_before);
                if (!joined || before.kind == TokenKind::Comment) break;
                --begin;
            }
            std::size_t end = i + 1;
            while (end < tokens.size()) {
                const Token& token = tokens[end];
                const Token& before = tokens[end - 1];
                const bool joined = is_special(token, '.') || is_special(token, '@') ||
                                    is_special(before, '@') || is_special(before, '.') ||
                                    (is_word(token) && !token.space_before);
                if (!joined || token.kind == TokenKind::Comment) break;
                ++end;
            }
            Mailbox mailbox;
            read_addr_spec(tokens.subspan(begin, end - begin), mailbox);
            Phrase phrase = read_phrase(tokens.subspan(start, begin - start));
            mailbox.display_name = std::move(phrase.name);
            mailbox.form = phrase.form;
            add(std::move(mailbox));
            start = end;
            i = end - 1;
        }
        name_from_comment(tokens.subspan(start));
    }

    /// "user@example (Name)": the old place of a display name.
    void name_from_comment(std::span<const Token> tokens) {
        if (list_.mailboxes.empty() || list_.mailboxes.back().form != NameForm::None) return;
        for (const Token& token : tokens) {
            if (token.kind != TokenKind::Comment) continue;
            list_.mailboxes.back().display_name = decode_words(token.text);
            if (!list_.mailboxes.back().display_name.empty())
                list_.mailboxes.back().form = NameForm::Comment;
            return;
        }
    }

    void add(Mailbox mailbox) {
        if (mailbox.local_part.empty() && mailbox.domain.empty() && mailbox.display_name.empty())
            return;
        if (list_.mailboxes.size() >= max_) {
            list_.cut = true;
            return;
        }
        list_.mailboxes.push_back(std::move(mailbox));
    }

    std::size_t max_;
    AddressList list_;
    std::vector<Token> pending_;
    std::vector<Token> angle_;
    bool pending_has_at_ = false;
    bool in_angle_ = false;
    bool angle_seen_ = false;  ///< in this element
};

}  // namespace

AddressList parse_addresses(std::string_view raw, std::size_t max_addresses) {
    AddressReader reader(max_addresses);
    reader.read(raw);
    return std::move(reader).take();
}

}  // namespace kith::mail
