// SPDX-License-Identifier: Apache-2.0
// Text -> words: what counts as a word, what is prose, which words a link says.
#include "engine/features/words.hpp"

#include "engine/features/line_words.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace kith;
using Words = std::vector<std::string>;
using Views = std::vector<std::string_view>;

TEST_CASE("words are runs of letters in lower case, two to twenty letters long") {
    CHECK(words_of("Hello, WORLD! a 42 x9y ok", 10) == Words{"hello", "world", "ok"});
    CHECK(words_of(std::string(20, 'a') + " " + std::string(21, 'b'), 10) ==
          Words{std::string(20, 'a')});
    CHECK(words_of("", 10).empty());
    CHECK(words_of("Ärger über Öl ŁÓDŹ", 10) == Words{"ärger", "über", "öl", "łódź"});
}

TEST_CASE("at most the wanted number of words is made") {
    CHECK(words_of("aa bb cc", 2) == Words{"aa", "bb"});
    CHECK(words_of("aa bb cc", 3) == Words{"aa", "bb", "cc"});
    CHECK(words_of("aa bb cc", 0).empty());
}

TEST_CASE("both apostrophes join, quotation marks around a word do not matter") {
    CHECK(words_of("don't don’t 'quoted' l'été l’été", 10) ==
          Words{"dont", "dont", "quoted", "lété", "lété"});
}

TEST_CASE("a word looks the same composed, decomposed, or with invisible characters in it") {
    CHECK(words_of("caf\u00E9 cafe\u0301 CAFE\u0301", 10) == Words{"café", "café", "café"});
    CHECK(words_of("pass\u00ADword pass\u200Bword", 10) == Words{"password", "password"});
    CHECK(words_of("pass word", 10) == Words{"pass", "word"});
}

TEST_CASE("text without blanks is cut to pairs of characters") {
    CHECK(words_of("\u4F60\u597D\u4E16\u754C\u5440", 10) == Words{"\u4F60\u597D", "\u4E16\u754C"});
    CHECK(words_of("ab\u4F60\u597Dcd", 10) == Words{"ab", "\u4F60\u597D", "cd"});
}

TEST_CASE("bytes that are no UTF-8 end a word and nothing else") {
    CHECK(words_of("ab\xFFxy\xC3", 10) == Words{"ab", "xy"});
}

TEST_CASE("prose has 72 percent letters and blanks, or a link") {
    CHECK(is_prose("the invoice is attached"));
    CHECK(is_prose("1234567890 https://example.com"));
    CHECK(is_prose(std::string(72, 'a') + std::string(28, '1')));
    CHECK_FALSE(is_prose(std::string(71, 'a') + std::string(29, '1')));
    CHECK_FALSE(is_prose(""));
}

TEST_CASE("own prose is kept, quotes, signatures and tables are not") {
    const std::vector<TextLine> lines = {
        {"see you there", LineRole::Own},    {"On Monday Ann wrote:", LineRole::Attribution},
        {"not this one", LineRole::Quoted},  {"Ann, Example Ltd", LineRole::Signature},
        {"1 | 2 | 3 | cell", LineRole::Own}, {"or https://example.com/page then", LineRole::Own}};
    const LineWords words(lines);
    CHECK(words.prose() == "see you there\nor https://example.com/page then\n");
    CHECK(words.own() == Views{"see", "you", "there", "or", "then"});
    CHECK(words.quoted() == Views{"not", "this", "one"});
    const auto passage = [&](std::size_t line) {
        std::string out;
        for (auto i = words.passage(line).begin; i < words.passage(line).end; ++i)
            out += std::string(words.word(i)) + " ";
        return out;
    };
    CHECK(passage(1).empty());
    CHECK(passage(3) == "ann example ltd ");
    CHECK(passage(4) == "cell ");
    CHECK(passage(5) == "or https example com page then ");
}

TEST_CASE("of a long text the first words of each kind are cut, whatever stands before them") {
    std::string long_line, quotes;
    for (int i = 0; i < 5000; ++i) long_line += "word ";
    for (int i = 0; i < 100; ++i) quotes += "quote ";
    std::vector<TextLine> lines{{long_line, LineRole::Signature}, {"after it", LineRole::Own}};
    for (int i = 0; i < 20; ++i) lines.push_back({quotes, LineRole::Quoted});
    lines.push_back({long_line, LineRole::Own});
    const LineWords words(lines);
    CHECK(words.passage(0).size() == LineWords::kMaxPassageWords);
    CHECK(words.passage(1).size() == 0);
    CHECK(words.own().size() == Observations::kMaxWords);
    CHECK(words.own()[0] == "after");
    // Eleven lines: the last one begins when there are no more than 600.
    CHECK(words.quoted().size() == 11 * LineWords::kMaxQuotedWordsALine);
}

TEST_CASE("a link says its words of letters alone") {
    CHECK(url_words("/Sales-Report/q3final/index.php?topic=budget") ==
          Words{"sales", "report", "index", "php", "topic", "budget"});
    CHECK(url_words("/" + std::string(24, 'a') + "/ok") == Words{"ok"});
    CHECK(url_words("").empty());
}

TEST_CASE("a link says at most forty words") {
    std::string path;
    for (int i = 0; i < 50; ++i) path += "/word";
    CHECK(url_words(path).size() == 40);
}

TEST_CASE("a random token has more than twenty characters, letters and digits") {
    CHECK(has_random_token("/x/a1" + std::string(19, 'b')));
    CHECK_FALSE(has_random_token("/x/a1" + std::string(18, 'b')));
    CHECK_FALSE(has_random_token("/" + std::string(40, 'b')));
    CHECK_FALSE(has_random_token("/" + std::string(40, '7')));
    CHECK_FALSE(has_random_token(""));
}

}  // namespace
