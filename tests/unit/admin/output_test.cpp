// SPDX-License-Identifier: Apache-2.0
// Tables, numbers and times as the commands print them.
#include "engine/admin/output.hpp"

#include <limits>
#include <sstream>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::admin;

TEST_CASE("a cell is one line without control characters and never empty") {
    CHECK(cell("") == "-");
    CHECK(cell("plain") == "plain");
    CHECK(cell("two words") == "two words");
    CHECK(cell("must be \"a\" or \"b\"") == "must be \"a\" or \"b\"");
    CHECK(cell("\"all of it\"") == "\"all of it\"");
    CHECK(cell("a\nb").find('\n') == std::string::npos);
    CHECK(cell("\x1b[31m").find('\x1b') == std::string::npos);
}

TEST_CASE("what is cut ends with an ellipsis, at the border of a character, and only what is cut") {
    const std::string dots = "\xe2\x80\xa6", umlauts = "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4";
    CHECK(cell("0123456789", 10) == "0123456789");
    CHECK(cell("0123456789a", 10) == "0123456" + dots);
    CHECK(cell(std::string(1000, 'x'), 10) == "xxxxxxx" + dots);
    CHECK(cell(umlauts, 8) == umlauts);
    CHECK(cell(umlauts + "a", 8) == umlauts.substr(0, 4) + dots);
    CHECK(cell("abcdef\x1b", 10) == "abcdef\\x1b");
    CHECK(cell("abcdef\x1b.", 10) == "abcdef" + dots);
    CHECK(fit_columns(umlauts, 4) == umlauts);
    CHECK(fit_columns(umlauts, 3) == umlauts.substr(0, 4) + dots);
    CHECK(fit_columns("abc", 1) == dots);
    CHECK(text_width(umlauts + dots) == 5);

    TextTable table({"WHAT", "N"});
    table.add({std::string(40, 'y'), "1"});
    std::ostringstream out;
    table.print(out, {30, {0}, {}});
    CHECK(out.str().find(std::string(26, 'y') + dots + "  1\n") != std::string::npos);
}

TEST_CASE("a table pads by characters, not bytes, and leaves no blanks at the end") {
    TextTable table({"A", "B"});
    table.add({"\xc3\xa4\xc3\xb6", "1"});
    table.add({"abc", "2"});
    std::ostringstream out;
    table.print(out);
    CHECK(out.str() == "A    B\n\xc3\xa4\xc3\xb6   1\nabc  2\n");
}

TEST_CASE("JSON replaces what is no UTF-8") {
    std::ostringstream out;
    print_json(out, Json{{"x", "a\xff"}});
    CHECK(out.str() == "{\n  \"x\": \"a\\ufffd\"\n}\n");
}

TEST_CASE("JSON is ASCII, so that no text in it steers a terminal") {
    const std::string steering =
        "\x1b[2J\x7f\xc2\x9b"
        "2J\xe2\x80\xae\xf0\x9f\x98\x80";
    std::ostringstream out;
    print_json(out, Json{{"x", steering}});
    CHECK(out.str() == "{\n  \"x\": \"\\u001b[2J\\u007f\\u009b2J\\u202e\\ud83d\\ude00\"\n}\n");
    CHECK(Json::parse(out.str())["x"] == steering);
    CHECK(json_text(Json{{"x", 1}}, -1) == "{\"x\":1}");
}

TEST_CASE("numbers are rounded, and what is no number is 0") {
    CHECK(fixed1(87.96) == "88.0");
    CHECK(rounded(0.12349, 3) == 0.123);
    CHECK(rounded(std::numeric_limits<double>::quiet_NaN(), 1) == 0);
    CHECK(rounded(std::numeric_limits<double>::infinity(), 1) == 0);
    CHECK(span_text(Seconds(59)) == "59 s");
    CHECK(span_text(Seconds(60)) == "1 min");
    CHECK(span_text(Seconds(2 * 86400 - 1)) == "47 h");
    CHECK(span_text(Seconds(2 * 86400)) == "2 days");
    CHECK(span_text(Seconds(-5)) == "0 s");
    CHECK(counted(1, "mail") == "1 mail");
    CHECK(counted(0, "mail") == "0 mails");
}

TEST_CASE("since takes a span or a day") {
    const Time now = from_unix(1772368496);  // 2026-03-01T12:34:56Z
    CHECK(to_unix(*parse_since("7d", now)) == 1772368496 - 7 * 86400);
    CHECK(to_unix(*parse_since("12h", now)) == 1772368496 - 12 * 3600);
    CHECK(to_unix(*parse_since("2026-03-01", now)) == 1772323200);
    CHECK(to_unix(*parse_since("2026-01-09", now)) == 1767916800);
    for (const char* bad :
         {"", "yesterday", "2026-02-30", "2026-13-01", "2026-3-1", "7", "-7d", "2026-00-10"})
        CHECK(parse_since(bad, now).error().code == ErrorCode::Usage);
}
