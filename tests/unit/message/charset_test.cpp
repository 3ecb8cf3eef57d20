// SPDX-License-Identifier: Apache-2.0
#include "engine/message/charset.hpp"

#include <string>

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;
using namespace std::string_literals;

TEST_CASE("charsets are read by the label that mail programs read") {
    struct Row {
        std::string bytes, charset, text;
        bool invalid;
    };
    const auto row = GENERATE(values<Row>({
        {"abc", "", "abc", false},
        {"\xE4", "", "\xC3\xA4", false},      // unlabelled: windows-1252
        {"\xC3\xA4", "", "\xC3\xA4", false},  // unlabelled but UTF-8
        {"\xE4", "us-ascii", "\xC3\xA4", false},
        {"\x80", "iso-8859-1", "\xE2\x82\xAC", false},  // the euro sign: latin1 means windows-1252
        {"\xE4", "utf-8", "\xEF\xBF\xBD", true},
        {"\xC3\xA4", " UTF-8 ", "\xC3\xA4", false},
        {"\xC3\xA4", "no-such-charset", "\xC3\xA4", true},
        {"\xE4", "no-such-charset", "\xEF\xBF\xBD", true},
        {"\x1B$B$\"\x1B(B", "iso-2022-jp", "\xE3\x81\x82", false},
        {"\xB0\xA1", "gb2312", "\xE5\x95\x8A", false},
        {"+AOQ-", "utf-7", "\xC3\xA4", false},
    }));
    INFO(row.charset);
    const DecodedText decoded = to_utf8(row.bytes, row.charset);
    CHECK(decoded.utf8 == row.text);
    CHECK(decoded.invalid == row.invalid);
}

TEST_CASE("PARSE-40: a charset without a converter of its name is read by its nearest kin") {
    CHECK_FALSE(to_utf8("abc\xE3", "iso-8859-16").invalid);
}

TEST_CASE("labels that could mean more than a name are not looked up") {
    CHECK(to_utf8("abc", "../../etc/passwd").invalid);
    CHECK(to_utf8("abc", "ibm-37,swaplfnl").invalid);
    CHECK(to_utf8("abc", std::string(61, 'x')).invalid);
    CHECK(to_utf8("abc", "utf-8\0x"s).invalid);
}

TEST_CASE("a text over many chunks loses no character at their borders") {
    // Three bytes a character, 64 KB a chunk: borders fall inside characters.
    std::string bytes;
    std::string expected;
    for (int i = 0; i < 100000; ++i) {
        bytes += std::string("\x3D\xD8\x00\xDE", 4);  // U+1F600 in UTF-16LE
        expected += "\xF0\x9F\x98\x80";
    }
    CHECK(to_utf8("\xFF\xFE" + bytes, "utf-16").utf8 == expected);
    CHECK(to_utf8(bytes, "utf-16le").utf8 == expected);
    CHECK(to_utf8("x" + bytes, "utf-16le").invalid);
}

TEST_CASE("NUL never reaches text") {
    CHECK(to_utf8("a\0b"s, "utf-8").utf8 ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(to_utf8("a\0b"s, "iso-8859-1").utf8.find('\0') == std::string::npos);
}
