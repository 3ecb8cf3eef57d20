// SPDX-License-Identifier: Apache-2.0
// Passages (engine/features/passages.hpp): the same wherever lines are broken, never half a one.
#include "engine/features/passages.hpp"

#include <algorithm>
#include <random>

#include "engine/features/line_words.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace kith;

const Hasher& hasher() {
    static const Hasher h(Hasher::Secret{9, 8, 7});
    return h;
}

std::vector<std::string> prose(unsigned seed, int n) {
    std::mt19937 random(seed);
    std::vector<std::string> out;
    for (int i = 0; i < n; ++i) {
        std::string word;
        for (auto k = 3 + random() % 7; k > 0; --k) word += static_cast<char>('a' + random() % 26);
        out.push_back(word);
    }
    return out;
}

std::vector<std::uint64_t> passages(const std::vector<std::string>& words, std::size_t a_line,
                                    std::size_t limit = 1000) {
    std::vector<TextLine> lines;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i % a_line == 0) lines.push_back({"", LineRole::Own});
        lines.back().text += words[i] + " ";
    }
    const LineWords cut_words(lines);
    Passages p(hasher());
    for (std::size_t i = 0; i < lines.size(); ++i)
        for (auto w = cut_words.passage(i).begin; w < cut_words.passage(i).end; ++w)
            p.add(cut_words.word(w));
    bool cut = false;
    return p.take(limit, cut);
}

TEST_CASE("lines may be broken anywhere") {
    const auto words = prose(1, 400);
    const auto whole = passages(words, 1000);
    REQUIRE(whole.size() > 10);
    for (const std::size_t a_line : {1U, 3U, 7U, 12U}) CHECK(passages(words, a_line) == whole);
}

TEST_CASE("what is quoted in part gives passages of the whole only") {
    const auto words = prose(2, 400);
    const auto whole = passages(words, 9);
    const auto part = passages({words.begin() + 57, words.begin() + 311}, 9);
    REQUIRE(part.size() > 5);
    for (const auto p : part) CHECK(std::find(whole.begin(), whole.end(), p) != whole.end());
}

TEST_CASE("another text has other passages, and so has another site") {
    const auto words = prose(3, 400);
    const auto mine = passages(words, 9);
    for (const auto p : passages(prose(4, 400), 9))
        CHECK(std::find(mine.begin(), mine.end(), p) == mine.end());
    const Hasher other(Hasher::Secret{1});
    Passages theirs(other);
    for (const auto& word : words) theirs.add(word);
    bool cut = false;
    for (const auto p : theirs.take(1000, cut))
        CHECK(std::find(mine.begin(), mine.end(), p) == mine.end());
}

TEST_CASE("what is interrupted is given up") {
    const auto words = prose(5, 200);
    Passages p(hasher());
    for (const auto& w : words) {
        p.add(w);
        p.interrupt();
    }
    bool cut = false;
    CHECK(p.take(1000, cut).empty());
}

TEST_CASE("the limit holds and says so") {
    const auto words = prose(6, 2000);
    Passages p(hasher());
    for (const auto& word : words) p.add(word);
    bool cut = false;
    const auto all = p.take(100000, cut);
    CHECK_FALSE(cut);
    REQUIRE(all.size() > 12);
    CHECK(p.take(all.size(), cut).size() == all.size());
    CHECK_FALSE(cut);
    CHECK(p.take(12, cut).size() == 12);
    CHECK(cut);
}

TEST_CASE("hostile text stays within its bounds") {
    Passages p(hasher());
    for (int i = 0; i < 300000; ++i) p.add("aaaaaaaa");
    for (const auto& word : prose(7, 100000)) p.add(word);
    bool cut = false;
    CHECK(p.take(1000000, cut).size() <= 4000);
}

}  // namespace
