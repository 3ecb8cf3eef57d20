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

constexpr std::size_t kStartBytes = 3;

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
    const Word first = p.words.front();
    if (first.prefix)
        starts_.add(std::string_view(first.text).substr(0, kStartBytes), std::move(p));
    else
        whole_.add(first.text, std::move(p));
    ++size_;
    return ok();
}

void AskVocabulary::Index::add(std::string_view key, Phrase phrase) {
    slots_.set(Hash()(key) % slots_.size());
    phrases_[std::string(key)].push_back(std::move(phrase));
}

const std::vector<AskVocabulary::Phrase>* AskVocabulary::Index::find(std::string_view key) const {
    if (!slots_[Hash()(key) % slots_.size()]) return nullptr;
    const auto found = phrases_.find(key);
    return found == phrases_.end() ? nullptr : &found->second;
}

std::uint32_t AskVocabulary::matches(const std::vector<Phrase>& phrases,
                                     const std::vector<std::string_view>& words,
                                     std::size_t first) {
    std::uint32_t bits = 0;
    for (const auto& phrase : phrases) {
        if (first + phrase.words.size() > words.size()) continue;
        bool hit = true;
        for (std::size_t k = 0; hit && k < phrase.words.size(); ++k) {
            const auto& w = phrase.words[k];
            hit = w.prefix ? words[first + k].substr(0, w.text.size()) == w.text
                           : words[first + k] == w.text;
        }
        if (hit) bits |= bit(phrase.ask);
    }
    return bits;
}

std::uint32_t AskVocabulary::match(const std::vector<std::string_view>& words) const {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (const auto* phrases = whole_.find(words[i])) bits |= matches(*phrases, words, i);
        if (const auto* phrases = starts_.find(words[i].substr(0, kStartBytes)))
            bits |= matches(*phrases, words, i);
    }
    return bits;
}

}  // namespace kith
