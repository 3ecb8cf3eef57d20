// SPDX-License-Identifier: Apache-2.0
#include "engine/features/asks.hpp"

#include <array>

#include "engine/base/text.hpp"
#include "engine/features/words.hpp"

namespace kith {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Ask::kCount)> kNames = {
    "click",   "open", "login",   "document", "shared", "pay",         "payee",
    "voucher", "call", "favour",  "secret",   "hurry",  "confirm",     "expire",
    "prize",   "code", "install", "reply",    "please", "unsubscribe", "send",
    "access",  "sign", "channel", "records",  "change", "amount"};

std::uint32_t start_of(std::string_view word) noexcept {
    std::uint32_t key = 0;
    for (std::size_t i = 0; i < 3; ++i)
        key = key << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0U);
    return key;
}

}  // namespace

std::string_view to_string(Ask ask) noexcept {
    return ask < Ask::kCount ? kNames[static_cast<std::size_t>(ask)] : "?";
}

std::string_view request_text(Ask ask) noexcept {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(Ask::kCount)> kTexts = {
        "follow a link",
        "open a file",
        "log in or give a password",
        "read or sign a document",
        "fetch something shared",
        "pay",
        "change bank details",
        "buy vouchers",
        "call a number",
        "do a favour",
        "keep a secret",
        "hurry",
        "confirm something",
        "act before something is lost",
        "collect a prize or refund",
        "use a code",
        "install a program",
        "answer",
        "do something, and politely",
        "change a subscription",
        "send or give something",
        "give access, a key or a password",
        "sign or complete a paper",
        "go on over another address or channel",
        "send lists of people or financial papers",
        "change an address, a delivery or a supplier",
        "deal with a sum of money",
    };
    return ask < Ask::kCount ? kTexts[static_cast<std::size_t>(ask)] : "?";
}

Ask ask_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if (kNames[i] == name) return static_cast<Ask>(i);
    return Ask::kCount;
}

Status AskVocabulary::add(Ask ask, std::string_view phrase) {
    Phrase p{ask, {}};
    for (const auto piece : split(phrase, ' ')) {
        const bool prefix = !piece.empty() && piece.back() == '*';
        const auto words = words_of(prefix ? piece.substr(0, piece.size() - 1) : piece, 2);
        if (words.size() != 1 || (prefix && words.front().size() < 3 && p.words.empty()))
            return fail(ErrorCode::Usage,
                        "ask phrase \"" + std::string(phrase) + "\": \"" + std::string(piece) +
                            "\" is not a word",
                        "use words of at least two letters, with at least three before a leading "
                        "word's '*'");
        p.words.push_back({words.front(), prefix});
    }
    if (p.words.empty() || p.words.size() > kMaxPhraseWords)
        return fail(ErrorCode::Usage,
                    "ask phrase \"" + std::string(phrase) + "\": between 1 and 6 words expected");
    by_start_[start_of(p.words.front().text)].push_back(std::move(p));
    ++size_;
    return ok();
}

std::uint32_t AskVocabulary::match(const std::vector<std::string_view>& words) const {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto found = by_start_.find(start_of(words[i]));
        if (found == by_start_.end()) continue;
        for (const auto& phrase : found->second) {
            if (i + phrase.words.size() > words.size()) continue;
            bool hit = true;
            for (std::size_t k = 0; hit && k < phrase.words.size(); ++k) {
                const auto& w = phrase.words[k];
                hit = w.prefix ? words[i + k].substr(0, w.text.size()) == w.text
                               : words[i + k] == w.text;
            }
            if (hit) bits |= bit(phrase.ask);
        }
    }
    return bits;
}

}  // namespace kith
