// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/rtf.hpp"

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("text of RTF") {
    const auto [rtf, text] = GENERATE(table<std::string, std::string>({
        {R"({\rtf1 Hello\par World})", "Hello\nWorld"},
        {R"({\rtf1{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}\f0 IBAN DE89})", "IBAN DE89"},
        {R"({\rtf1{\*\generator Writer;}shown})", "shown"},
        {R"({\rtf1 a\'e9b})",
         "a\xC3\xA9"
         "b"},
        {R"({\rtf1\uc1\u8364?5})",
         "\xE2\x82\xAC"
         "5"},
        {R"({\rtf1\uc0\u8364 5})",
         "\xE2\x82\xAC"
         "5"},
        {R"({\rtf1 a\{b\}c\\d\~e})", "a{b}c\\d e"},
        {R"({\rtf1 a\cell b\row c})", "a b\nc"},
        {R"({\rtf1 a{\b bold} c})", "abold c"},
        {"{\\rtf1 x\\bin3 }}}y}", "xy"},
    }));
    CAPTURE(rtf);
    const auto read = rtf_text(rtf);
    CHECK(read.outcome == ReadOutcome::Whole);
    CHECK(read.text == text);
}

TEST_CASE("what is no RTF, or ends early, says so") {
    CHECK(rtf_text("").outcome == ReadOutcome::Damaged);
    CHECK(rtf_text("Hello").outcome == ReadOutcome::Damaged);
    const auto open = rtf_text(R"({\rtf1 begun)");
    CHECK(open.outcome == ReadOutcome::Damaged);
    CHECK(open.text == "begun");
    for (const char* odd : {"{\\rtf1\\", "{\\rtf1\\'", "{\\rtf1\\'f", "{\\rtf1\\u", "{\\rtf1\\u-",
                            "{\\rtf1\\bin99999999999 x}", "{\\rtf1\\u99999999?}", "{\\rtf1}}}}",
                            "{\\rtf1\\u55357?\\u56832?}"})
        CHECK(is_valid_utf8(rtf_text(odd).text));
}

TEST_CASE("groups in groups: as deep as allowed, and one more") {
    const auto nested = [](std::size_t depth) {
        return "{\\rtf1" + std::string(depth - 1, '{') + "x" + std::string(depth, '}');
    };
    CHECK(rtf_text(nested(kMaxRtfDepth)).outcome == ReadOutcome::Whole);
    CHECK(rtf_text(nested(kMaxRtfDepth + 1)).outcome == ReadOutcome::Cut);
}

TEST_CASE("text of RTF: as much as allowed, and one more") {
    const auto of = [](std::size_t n) { return rtf_text("{\\rtf1 " + std::string(n, 'x') + "}"); };
    CHECK(of(kMaxExtractedBytes).outcome == ReadOutcome::Whole);
    CHECK(of(kMaxExtractedBytes + 1).outcome == ReadOutcome::Cut);
}
