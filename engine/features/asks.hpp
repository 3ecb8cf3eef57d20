// SPDX-License-Identifier: Apache-2.0
// The alphabet of requests: phrases in several languages per kind of request. Its frequencies are
// learned per sender; a phrase is never a verdict. Text comes from conf/ask.d/*.yaml. Covered by
// tests/unit/features/asks_test.cpp.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/features/feature_id.hpp"
#include "engine/features/observations.hpp"

namespace kith {

/// "click", "open", … as written in conf/ask.d and in the names of the features.
[[nodiscard]] std::string_view to_string(Ask ask) noexcept;
/// What the reader is asked to do, to follow "asks the reader to": "change bank details", …
[[nodiscard]] std::string_view request_text(Ask ask) noexcept;
/// Its bit in Observations::asks.
[[nodiscard]] constexpr std::uint32_t bit(Ask ask) noexcept {
    return 1U << static_cast<unsigned>(ask);
}
/// How one asks, not what.
inline constexpr std::uint32_t kMannerAsks = bit(Ask::Hurry) | bit(Ask::Reply) | bit(Ask::Please);
/// Bit number of a name; Ask::kCount when unknown.
[[nodiscard]] Ask ask_named(std::string_view name) noexcept;

/// Index of the feature "asks for X". The ASK lines of features.def stand in the order of Ask.
[[nodiscard]] constexpr std::size_t index_of(Ask ask) noexcept {
    return index_of(FeatureId::ask_click) + static_cast<std::size_t>(ask);
}
static_assert(index_of(Ask::Change) == index_of(FeatureId::ask_change));
static_assert(index_of(Ask::Amount) == index_of(FeatureId::ask_amount));

/// Immutable after the last add(); const-safe.
class AskVocabulary {
public:
    /// Phrase of one to six words, lower case after folding; a trailing '*' on a word matches any
    /// ending. Usage error when it has no letter or too many words.
    [[nodiscard]] Status add(Ask ask, std::string_view phrase);
    /// Bits of all asks whose phrase occurs in the words (lower case, in order). O(words * phrases
    /// per first letters).
    [[nodiscard]] std::uint32_t match(const std::vector<std::string_view>& words) const;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    static constexpr std::size_t kMaxPhraseWords = 6;

private:
    struct Word {
        std::string text;
        bool prefix = false;
    };
    struct Phrase {
        Ask ask;
        std::vector<Word> words;
    };
    /// Phrases by a key.
    class Index {
    public:
        void add(std::string_view key, Phrase phrase);
        /// nullptr when there are none.
        [[nodiscard]] const std::vector<Phrase>* find(std::string_view key) const;

    private:
        struct Hash {
            using is_transparent = void;
            std::size_t operator()(std::string_view s) const noexcept {
                return std::hash<std::string_view>()(s);
            }
        };
        std::unordered_map<std::string, std::vector<Phrase>, Hash, std::equal_to<>> phrases_;
        // Where the keys' hashes fall: a look without the map, which nearly all words end with.
        std::bitset<std::size_t{1} << 15> slots_;
    };

    [[nodiscard]] static std::uint32_t matches(const std::vector<Phrase>& phrases,
                                               const std::vector<std::string_view>& words,
                                               std::size_t first);

    Index whole_;   // by the first word
    Index starts_;  // by the first three bytes of one that matches any ending
    std::size_t size_ = 0;
};

/// The vocabulary built into the program from conf/ask.d.
[[nodiscard]] const AskVocabulary& builtin_asks();

}  // namespace kith
