// SPDX-License-Identifier: Apache-2.0
#include "engine/base/text.hpp"

#include <random>
#include <string>

#include "engine/base/log.hpp"
#include "tests/support/catch.hpp"

using namespace kith;
using namespace std::string_literals;

namespace {

const std::string kReplacement = "\xEF\xBF\xBD";

/// Levenshtein distance by its definition, exponential, for short words.
int slow_distance(std::string_view a, std::string_view b) {
    if (a.empty()) return static_cast<int>(b.size());
    if (b.empty()) return static_cast<int>(a.size());
    const int substituted = slow_distance(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1);
    return std::min(
        {substituted, slow_distance(a.substr(1), b) + 1, slow_distance(a, b.substr(1)) + 1});
}

}  // namespace

TEST_CASE("lower case changes ASCII letters and nothing else") {
    CHECK(ascii_lower("AZaz09@[`{\xC3\x84") == "azaz09@[`{\xC3\x84");
    CHECK(ascii_iequals("Content-TYPE", "content-type"));
    CHECK_FALSE(ascii_iequals("a", "ab"));
    CHECK_FALSE(ascii_iequals("[", "{"));  // they differ by the same bit as letters do
}

TEST_CASE("trim takes white space from the ends only") {
    CHECK(trim(" \t\r\n a b \r\n") == "a b");
    CHECK(trim(" \t").empty());
    CHECK(trim("").empty());
}

TEST_CASE("scrubbing makes each maximal invalid sequence one replacement character") {
    struct Row {
        std::string bytes, expected;
    };
    const auto row = GENERATE(values<Row>({
        {"plain", "plain"},
        {"a\0b"s, "a" + kReplacement + "b"},
        {"\xC3\xA4", "\xC3\xA4"},
        {"\x80", kReplacement},
        {"\xC0\xAF", kReplacement + kReplacement},                     // overlong '/'
        {"\xE0\x80\xAF", kReplacement + kReplacement + kReplacement},  // overlong
        {"\xED\xA0\x80", kReplacement + kReplacement + kReplacement},  // surrogate
        {"\xF4\x90\x80\x80", kReplacement + kReplacement + kReplacement + kReplacement},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"\xF0\x9F\x98", kReplacement},  // cut emoji: one
        {"\xE2\x82"
         "A",
         kReplacement + "A"},
        {"12345678\xFF"
         "12345678",
         "12345678" + kReplacement + "12345678"},
    }));
    CHECK(scrub_utf8(row.bytes) == row.expected);
}

TEST_CASE("scrubbing random bytes gives valid UTF-8 and leaves valid UTF-8 alone") {
    std::mt19937 random(7);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (char& c : bytes) c = static_cast<char>(random() % 3 == 0 ? 0x41 : random());
        const std::string scrubbed = scrub_utf8(bytes);
        REQUIRE(is_valid_utf8(scrubbed));
        REQUIRE(scrub_utf8(scrubbed) == scrubbed);
        if (is_valid_utf8(bytes) && bytes.find('\0') == std::string::npos)
            REQUIRE(scrubbed == bytes);
    }
}

TEST_CASE("a prefix never cuts a character") {
    const std::string text = "a\xC3\xA4\xF0\x9F\x98\x80";  // 1 + 2 + 4 bytes
    CHECK(utf8_prefix(text, 0).empty());
    CHECK(utf8_prefix(text, 1) == "a");
    CHECK(utf8_prefix(text, 2) == "a");
    CHECK(utf8_prefix(text, 3) == "a\xC3\xA4");
    CHECK(utf8_prefix(text, 6) == "a\xC3\xA4");
    CHECK(utf8_prefix(text, 7) == text);
    CHECK(utf8_prefix(text, 99) == text);
}

TEST_CASE("scrubbed to a length, text is the beginning of all of it scrubbed") {
    CHECK(scrub_utf8("", 0).empty());
    CHECK(scrub_utf8("a\xC3\xA4z", 2) == "a");
    CHECK(scrub_utf8("a\xC3\xA4z", 3) == "a\xC3\xA4");
    // Cut at the bound first, the character would be a broken one.
    CHECK(scrub_utf8("\xF0\x9F\x98\x80", 3).empty());
    CHECK(scrub_utf8("\xFF\xFF", 3) == kReplacement);
    std::mt19937 random(11);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (char& c : bytes) c = static_cast<char>(random() % 3 == 0 ? 0x41 : random());
        const std::size_t most = random() % 40;
        REQUIRE(scrub_utf8(bytes, most) == utf8_prefix(scrub_utf8(bytes), most));
    }
}

TEST_CASE("the domain of an address, and what lies below a domain") {
    CHECK(domain_of("anna@site.example") == "site.example");
    CHECK(domain_of("\"a@b\"@site.example") == "site.example");
    CHECK(domain_of("anna@") == "");
    CHECK(domain_of("anna") == "");
    CHECK(is_domain_or_below("site.example", "site.example"));
    CHECK(is_domain_or_below("Mail.SITE.example", "site.Example"));
    CHECK_FALSE(is_domain_or_below("mysite.example", "site.example"));
    CHECK_FALSE(is_domain_or_below("example", "site.example"));
    CHECK_FALSE(is_domain_or_below("", "site.example"));
    CHECK_FALSE(is_domain_or_below("site.example", ""));
}

TEST_CASE("Unicode lower case knows more than ASCII") {
    CHECK(utf8_lower("\xC3\x84RGER Za") == "\xC3\xA4rger za");
    CHECK(utf8_lower("\xD0\x9F\xD0\xA0") == "\xD0\xBF\xD1\x80");
    CHECK(utf8_lower("") == "");
}

TEST_CASE("what steers a display is told from what shows itself") {
    for (const char* steering :
         {"\n", "\x1b", "\x7f", "\xC2\x85", "\xC2\x9B", "\xC2\xAD", "\xD8\x9C", "\xE2\x80\x8B",
          "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAE", "\xE2\x81\xA0",
          "\xE2\x81\xA6", "\xEF\xBB\xBF", "\xEF\xBF\xB9", "\xF3\xA0\x81\x81"}) {
        INFO(log_escape(steering));
        CHECK(steers_display(steering));
    }
    for (const char* shown : {"", " ", "a", "~", "\xC2\xA0", "\xC3\xA4", "\xCC\x81", "\xD7\x90",
                              "\xE2\x82\xAC", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80"}) {
        INFO(shown);
        CHECK_FALSE(steers_display(shown));
    }
    CHECK(steers_display(std::string_view("\0", 1)));
}

TEST_CASE("splitting keeps empty pieces") {
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
}

TEST_CASE("the edit distance agrees with its definition and stops at the limit") {
    std::mt19937 random(11);
    for (int i = 0; i < 300; ++i) {
        std::string a(random() % 6, 'a');
        std::string b(random() % 6, 'a');
        for (char& c : a) c = static_cast<char>('a' + random() % 3);
        for (char& c : b) c = static_cast<char>('a' + random() % 3);
        const int limit = static_cast<int>(random() % 5);
        INFO(a << " " << b << " " << limit);
        REQUIRE(edit_distance(a, b, limit) == std::min(slow_distance(a, b), limit + 1));
    }
}

TEST_CASE("the nearest word is found within a third of the length, but at least two edits") {
    const std::vector<std::string> keys{"mode", "budget", "threshold"};
    CHECK(nearest("moed", keys) == "mode");  // two edits
    CHECK(nearest("treshhold", keys) == "threshold");
    CHECK(nearest("xyzw", keys) == "");
    CHECK(nearest("", keys) == "");
    CHECK(nearest("mode", {}) == "");
}
