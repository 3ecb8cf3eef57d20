// SPDX-License-Identifier: Apache-2.0
#include "engine/features/line_words.hpp"

#include <algorithm>
#include <cctype>

namespace kith {
namespace {

LineWords::Range first(LineWords::Range r, std::size_t n) noexcept {
    return {r.begin, std::min(r.end, r.begin + n)};
}

}  // namespace

LineWords::LineWords(const std::vector<TextLine>& lines) {
    std::size_t passage_left = kMaxPassageWords, own_left = Observations::kMaxWords, quoted = 0;
    cut_.reserve(lines.size());
    for (const TextLine& line : lines) {
        const bool prose = line.role == LineRole::Own && is_prose(line.text);
        const bool plain = prose && line.text.find("://") == std::string::npos;
        const std::size_t for_quotes =
            line.role == LineRole::Quoted && quoted <= kMaxQuotedWords ? kMaxQuotedWordsALine : 0;
        const std::size_t for_passages = line.role == LineRole::Attribution ? 0 : passage_left;
        const Range words =
            cut(line.text, std::max({for_passages, for_quotes, plain ? own_left : 0}));
        Cut c;
        c.passage = first(words, for_passages);
        c.quoted = first(words, for_quotes);
        if (plain)
            c.own = first(words, own_left);
        else if (prose)
            c.own = cut(without_urls(line.text), own_left);
        if (prose) (prose_ += line.text) += '\n';
        passage_left -= c.passage.size();
        own_left -= c.own.size();
        quoted += c.quoted.size();
        cut_.push_back(c);
    }
}

LineWords::Range LineWords::cut(std::string_view text, std::size_t max_words) {
    const std::size_t begin = words_.size();
    return {begin, begin + words_.cut(text, max_words)};
}

std::vector<std::string_view> LineWords::all(Range Cut::*which) const {
    std::vector<std::string_view> out;
    for (const Cut& c : cut_)
        for (std::size_t i = (c.*which).begin; i < (c.*which).end; ++i) out.push_back(words_[i]);
    return out;
}

std::vector<std::string_view> LineWords::own() const { return all(&Cut::own); }
std::vector<std::string_view> LineWords::quoted() const { return all(&Cut::quoted); }

std::string without_urls(std::string_view text) {
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
        auto j = text.find("://", i);
        if (j == std::string_view::npos) {
            out.append(text.substr(i));
            break;
        }
        auto start = j;
        while (start > i && std::isalpha(static_cast<unsigned char>(text[start - 1])) != 0) --start;
        auto end = j;
        while (end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) == 0) ++end;
        out.append(text.substr(i, start - i));
        i = end;
    }
    return out;
}

}  // namespace kith
