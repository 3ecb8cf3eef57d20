// SPDX-License-Identifier: Apache-2.0
// Text -> words. Runs of letters, lower case, 2 to 20 letters. Covered by
// tests/unit/features/words_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/message/message.hpp"

namespace kith {

/// Words one after the other in one block of memory.
class WordList {
public:
    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
    /// REQUIRES: i < size(). Valid until the next cut().
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
        const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
        return std::string_view(bytes_).substr(begin, ends_[i] - begin);
    }
    /// Appends the words of `text` as words_of() has them; returns how many.
    std::size_t cut(std::string_view text, std::size_t max_words);

private:
    std::string bytes_;
    std::vector<std::size_t> ends_;
};

/// Words of `text` (valid UTF-8) in order, lower case. CJK runs are cut to pairs of characters,
/// since they have no blanks. At most `max_words`.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text, std::size_t max_words);

/// A line worth counting as writing: at least 72 % letters and blanks, or with a link. Patches,
/// logs and tables are not.
[[nodiscard]] bool is_prose(std::string_view line);

/// Words inside a link's path and query: random tokens (24 letters and more, or mixed with digits)
/// left out.
[[nodiscard]] std::vector<std::string> url_words(std::string_view path_and_query);
/// A path or query token of more than 20 characters with letters and digits.
[[nodiscard]] bool has_random_token(std::string_view path_and_query);

}  // namespace kith
