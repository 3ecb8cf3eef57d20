// SPDX-License-Identifier: Apache-2.0
// One JSON object, read without trust (engine/intake/json_fields.hpp).
#include "engine/intake/json_fields.hpp"

#include "engine/base/text.hpp"
#include "engine/journal/account_event.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("members of the right type are read, others are as if they were not there") {
    const auto fields = JsonFields::parse(
        R"({"t":"Text","n":7,"q":"8","neg":-1,"b":true,"y":"yes","l":["a","imap:fetch_body",3],"o":{"x":"1"},"nil":null})");
    REQUIRE(fields);
    CHECK(fields->text("t") == "Text");
    CHECK(fields->lower("t") == "text");
    CHECK(fields->text("n").empty());
    CHECK(fields->number("n") == 7);
    CHECK(fields->number("q") == 8);
    CHECK(fields->number("neg") == 0);
    CHECK(fields->signed_number("neg", 5) == -1);
    CHECK(fields->signed_number("t", 5) == 5);
    CHECK(fields->number("o") == 0);
    CHECK(fields->flag("b"));
    CHECK(fields->flag("y"));
    CHECK_FALSE(fields->flag("t"));
    CHECK(fields->list_has("l", "a"));
    CHECK(fields->list_begins("l", "imap:"));
    CHECK_FALSE(fields->list_has("t", "a"));
    CHECK(fields->object("o").text("x") == "1");
    CHECK(fields->object("t").text("x").empty());
    CHECK(fields->object("missing").object("more").number("x") == 0);
    CHECK_FALSE(fields->has("missing"));
}

TEST_CASE("what is no object, broken or too long is refused") {
    for (const char* bad : {"", "[]", "1", "{", "{\"a\":}", "{} x", "nul", "{\"a\":\"\xff\"}"}) {
        INFO(bad);
        CHECK_FALSE(JsonFields::parse(bad));
    }
    const std::string fits = "{}" + std::string(kMaxJsonBytes - 2, ' ');
    CHECK(JsonFields::parse(fits));
    CHECK_FALSE(JsonFields::parse(fits + " "));
    // Deep nesting is no danger to the stack.
    CHECK(JsonFields::parse("{\"a\":" + std::string(30'000, '[') + std::string(30'000, ']') + "}"));
}

TEST_CASE("texts are bounded, on one line and valid") {
    const auto fields =
        JsonFields::parse("{\"a\":\"x\\ny\\u0000z\",\"long\":\"" + std::string(1000, 'x') + "\"}");
    REQUIRE(fields);
    CHECK(fields->text("a").starts_with("x y"));
    CHECK(is_valid_utf8(fields->text("a")));
    CHECK(fields->text("long").size() == kMaxAccountText);
    CHECK(is_valid_utf8(event_text(std::string(254, 'x') + "\xc3\xa4")));
}

TEST_CASE("times with zones and fractions") {
    CHECK(to_unix(parse_rfc3339("2026-11-29T23:58:50.399502Z").value()) == 1795996730);
    CHECK(to_unix(parse_rfc3339("2026-11-30T00:58:50+01:00").value()) == 1795996730);
    CHECK(to_unix(parse_rfc3339("2026-11-29T20:28:50-0330").value()) == 1795996730);
    for (const char* bad : {"", "2026-11-29", "2026-13-29T23:58:50Z", "2026-02-30T23:58:50Z",
                            "2026-11-29T24:00:00Z", "2026-11-29T23:58:50", "2026-11-29T23:58:50+1",
                            "x026-11-29T23:58:50Z", "2026-11-29T23:58:50Zx"}) {
        INFO(bad);
        CHECK_FALSE(parse_rfc3339(bad));
    }
}
