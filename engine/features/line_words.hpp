// SPDX-License-Identifier: Apache-2.0
// The words of a message's lines, each line cut once: what is written, quoted and asked looks at
// the same ones. Covered by tests/unit/features/words_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/features/observations.hpp"
#include "engine/features/words.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// `lines` must outlive it; what it returns lives as long as it does. One thread.
class LineWords {
public:
    /// Words of one line: from `begin` up to `end`, of word().
    struct Range {
        std::size_t begin = 0, end = 0;
        [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
    };
    static constexpr std::size_t kMaxPassageWords = 4000;  ///< of all lines but attributions
    static constexpr std::size_t kMaxQuotedWords = 600;    ///< before the last line cut for them
    static constexpr std::size_t kMaxQuotedWordsALine = 60;

    explicit LineWords(const std::vector<TextLine>& lines);

    /// Own lines that are prose, each with its line end.
    [[nodiscard]] const std::string& prose() const noexcept { return prose_; }
    /// The first Observations::kMaxWords words of prose(), those of URLs left out.
    [[nodiscard]] std::vector<std::string_view> own() const;
    /// Words of quoted lines, at most kMaxQuotedWordsALine of each.
    [[nodiscard]] std::vector<std::string_view> quoted() const;
    /// Words of line `i`, kMaxPassageWords of all lines but attributions, which have none.
    [[nodiscard]] Range passage(std::size_t i) const noexcept { return cut_[i].passage; }
    [[nodiscard]] std::string_view word(std::size_t i) const noexcept { return words_[i]; }

private:
    struct Cut {
        Range passage, own, quoted;
    };
    [[nodiscard]] Range cut(std::string_view text, std::size_t max_words);
    [[nodiscard]] std::vector<std::string_view> all(Range Cut::*which) const;

    WordList words_;
    std::vector<Cut> cut_;
    std::string prose_;
};

/// Words of URLs are counted apart (url_words), they are not the writer's language.
[[nodiscard]] std::string without_urls(std::string_view text);

}  // namespace kith
