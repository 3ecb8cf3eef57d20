// SPDX-License-Identifier: Apache-2.0
#include "engine/message/html_guard.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith::mail;

namespace {

std::string repeated(std::string_view piece, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += piece;
    return out;
}
bool fits(const std::string& html) { return safe_html_prefix(html) == html.size(); }

}  // namespace

TEST_CASE("open elements are bounded, at the limit and one above") {
    CHECK(fits(repeated("<div>", kMaxOpenElements)));
    CHECK(safe_html_prefix(repeated("<div>", kMaxOpenElements + 1)) == 5 * kMaxOpenElements);
    CHECK(fits(repeated("<div></div>", 10000)));
    CHECK(fits(repeated("<p>x<br><li>", 10000)));
}

TEST_CASE("an end tag closes only elements of its name") {
    CHECK_FALSE(fits(repeated("<b></i>", kMaxOpenElements + 1)));
    CHECK_FALSE(fits(repeated("<b/>", kMaxOpenElements + 1)));
    CHECK(fits(repeated("<b></B>", kMaxOpenElements + 1)));
}

TEST_CASE("tags in comments and attribute values count too") {
    CHECK_FALSE(fits("<!--" + repeated("<b>", kMaxOpenElements + 1) + "-->"));
    CHECK_FALSE(fits("<a title='" + repeated("<b>", kMaxOpenElements + 1) + "'>"));
}

TEST_CASE("attributes of a tag are bounded, at the limit and one above") {
    CHECK(fits("<a" + repeated(" x", kMaxAttributes) + ">"));
    CHECK_FALSE(fits("<a" + repeated(" x", kMaxAttributes + 1) + ">"));
    CHECK(fits("<a" + repeated("/x", kMaxAttributes) + ">"));
    CHECK_FALSE(fits("<a" + repeated("/x", kMaxAttributes + 1) + ">"));
    CHECK(fits("<a title=\"" + repeated("x ", 5000) + "\">"));
}

TEST_CASE("body tags are bounded, at the limit and one above") {
    CHECK(fits(repeated("<body></body>", kMaxBodyTags)));
    CHECK_FALSE(fits(repeated("<body></body>", kMaxBodyTags + 1)));
}

TEST_CASE("what looks like no tag costs nothing") {
    CHECK(fits("a < b <3 <<<< <! </ <"));
    CHECK(fits(""));
}

TEST_CASE("tags inside one another's values are looked at in linear time") {
    CHECK(safe_html_prefix(repeated("<a/y=1", 80000)) < 6 * 80000);
}
