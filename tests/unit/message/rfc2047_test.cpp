// SPDX-License-Identifier: Apache-2.0
#include "engine/message/rfc2047.hpp"

#include <string>

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;
using namespace std::string_literals;

TEST_CASE("PARSE-18: adjacent encoded words are joined") {
    CHECK(decode_words("=?utf-8?B?SGVsbG8?= =?utf-8?B?IHdvcmxk?=") == "Hello world");
    CHECK(decode_words("=?utf-8?B?SGVsbG8?=\r\n =?utf-8?Q?_world?=") == "Hello world");
}

TEST_CASE("encoded words decode to readable text") {
    struct Row {
        std::string raw, expected;
    };
    const auto row = GENERATE(values<Row>({
        {"plain", "plain"},
        {"", ""},
        {"=?iso-8859-1?Q?M=FCller=2C_Jo?=", "M\xC3\xBCller, Jo"},
        {"=?ISO-8859-1*en?q?caf=E9?=", "caf\xC3\xA9"},
        {"a =?utf-8?q?b?= c", "a b c"},
        {"a=?utf-8?q?b?=c", "abc"},
        {"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
        // One character over two words: the bytes are joined before they are read.
        {"=?utf-8?B?w6Q=?= =?utf-8?B?w?= =?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\xC3\xA4\xC3\xA4"},
        {"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\xC3\xA4"},
        // Different charsets are read apart.
        {"=?iso-8859-1?q?=E4?= =?utf-8?q?=C3=A4?=", "\xC3\xA4\xC3\xA4"},
        {"=?windows-1251?B?z/Do4uXy?=", "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"},
        // Spaces inside are against the rules and common.
        {"=?utf-8?Q?two words?=", "two words"},
        {"=?utf-8?Q?"
         "?=",
         ""},
        {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
        {"=?utf-8?Q?open", "=?utf-8?Q?open"},
        {"=?=?utf-8?Q?x?=", "=?x"},
        {"=?utf-8?Q?a=ZZ=4?=", "a=ZZ=4"},
    }));
    CHECK(decode_words(row.raw) == row.expected);
}

TEST_CASE("PARSE-24: raw 8-bit text in a header becomes valid UTF-8") {
    CHECK(decode_words("\xA6 offer") == "\xC2\xA6 offer");      // windows-1252
    CHECK(decode_words("\xC3\xA4 offer") == "\xC3\xA4 offer");  // already UTF-8
    CHECK(is_valid_utf8(decode_words("=?nonsense?q?=FF=FE?= \xFF")));
}

TEST_CASE("decoded control characters cannot break a line") {
    CHECK(decode_words("=?utf-8?q?a=0D=0AX-Evil:_1?=") == "a  X-Evil: 1");
    CHECK(decode_words("a\0b"s) ==
          "a\xEF\xBF\xBD"
          "b");
}

TEST_CASE("an encoded word of a structured field has no white space") {
    CHECK(encoded_word_length("=?utf-8?Q?ab?= rest") == 14);
    CHECK(encoded_word_length("=?utf-8?Q?a b?=") == 0);
    CHECK(encoded_word_length("=?utf-8?Q?") == 0);
    CHECK(encoded_word_length("") == 0);
}

TEST_CASE("a long run of openings without ends is read in time") {
    std::string raw;
    for (int i = 0; i < 20000; ++i) raw += "=?a?q?";
    CHECK(decode_words(raw).size() == raw.size());
}
