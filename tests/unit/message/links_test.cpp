// SPDX-License-Identifier: Apache-2.0
#include "engine/message/links.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

TEST_CASE("a link is taken apart as a browser does") {
    struct Row {
        std::string found, host, registrable, path, query, tenant, userinfo;
    };
    const auto row = GENERATE(values<Row>({
        {"https://www.shop.co.uk/a/b?c=d#e", "www.shop.co.uk", "shop.co.uk", "/a/b", "c=d", "a",
         ""},
        {"HTTP://Host.Example", "host.example", "host.example", "", "", "", ""},
        {"http://host.example:8080/x", "host.example", "host.example", "/x", "", "x", ""},
        {"http://good.example@evil.example/", "evil.example", "evil.example", "/", "", "",
         "good.example"},
        {"http:\\\\host.example\\x", "host.example", "host.example", "/x", "", "x", ""},
        {"https:host.example/x", "host.example", "host.example", "/x", "", "x", ""},
        {"https:////host.example/x", "host.example", "host.example", "/x", "", "x", ""},
        {" ht\ntps://host\t.example/x ", "host.example", "host.example", "/x", "", "x", ""},
        {"https://b\xC3\xBC"
         "cher.example/",
         "xn--bcher-kva.example", "xn--bcher-kva.example", "/", "", "", ""},
        {"https://%68ost.example/", "host.example", "host.example", "/", "", "", ""},
        {"http://2130706433/", "127.0.0.1", "127.0.0.1", "/", "", "", ""},
        {"http://0x7f.1/x", "127.0.0.1", "127.0.0.1", "/x", "", "x", ""},
        {"http://[2001:db8::1]:80/x", "[2001:db8::1]", "[2001:db8::1]", "/x", "", "x", ""},
        {"https://host.example//t/x", "host.example", "host.example", "//t/x", "", "t", ""},
        {"https://host.example?q=a@b.example/c", "host.example", "host.example", "",
         "q=a@b.example/c", "", ""},
        {"ftp://host.example/f", "host.example", "host.example", "/f", "", "f", ""},
    }));
    INFO(row.found);
    const auto link = parse_link(row.found, 2048);
    REQUIRE(link);
    CHECK(link->host == row.host);
    CHECK(link->registrable == row.registrable);
    CHECK(link->path == row.path);
    CHECK(link->query == row.query);
    CHECK(link->tenant == row.tenant);
    CHECK(link->userinfo == row.userinfo);
}

TEST_CASE("PARSE-42: user information of any length hides no host") {
    const auto length = GENERATE(64, 65, 5000, 60000);
    const auto link = parse_link(
        "https://" + std::string(static_cast<std::size_t>(length), 'u') + "@t.example/x", 2048);
    REQUIRE(link);
    CHECK(link->host == "t.example");
    CHECK(link->path == "/x");
    CHECK(link->userinfo.size() == std::min<std::size_t>(static_cast<std::size_t>(length), 2048));
}

TEST_CASE("other links have a scheme and no host") {
    CHECK(parse_link("mailto:a@b.example", 2048)->scheme == "mailto");
    CHECK(parse_link("tel:+4930123", 2048)->host.empty());
    CHECK(parse_link("data:text/html;base64,AAAA", 2048)->scheme == "data");
}

TEST_CASE("what is no link gives none") {
    for (const std::string found : {"", "#top", "/path", "page.html", "javascript:alert(1)",
                                    "cid:1@x", "http:", "http://", ":", "https://@/"})
        CHECK_FALSE(parse_link(found, 2048));
}

TEST_CASE("the bound on a link holds at the limit and cuts one above") {
    const std::string url = "https://h.example/" + std::string(32, 'x');  // 50 bytes
    CHECK(parse_link(url, 50)->url == url);
    CHECK(parse_link(url, 49)->url == url.substr(0, 49));
    CHECK(parse_link(url, 49)->host == "h.example");
}

TEST_CASE("links are found in running text") {
    struct Row {
        std::string line;
        std::vector<std::string> urls;
        bool alone;
    };
    const auto row = GENERATE(values<Row>({
        {"https://a.example/x", {"https://a.example/x"}, true},
        {"  <https://a.example/x>  ", {"https://a.example/x"}, true},
        {"See https://a.example/x.", {"https://a.example/x"}, false},
        {"See (https://a.example/x_(y)), please", {"https://a.example/x_(y)"}, false},
        {"http://a.example and www.b.example/c!", {"http://a.example", "www.b.example/c"}, false},
        {"MAILTO:a@b.example", {"MAILTO:a@b.example"}, true},
        {"no link: http: //x, https:/, xhttp://a.example", {}, false},
        {"www.", {}, false},
        {"http://", {}, false},
        {"a\"https://a.example\"b", {"https://a.example"}, false},
    }));
    INFO(row.line);
    std::vector<std::string> urls;
    bool alone = false;
    for (const TextLink& found : find_text_links(row.line)) {
        urls.push_back(row.line.substr(found.begin, found.length));
        alone = found.alone;
    }
    CHECK(urls == row.urls);
    CHECK(alone == row.alone);
}

TEST_CASE("a line of brackets and a line of openings are read in time") {
    const std::string brackets = "http://a.example/" + std::string(500000, ')');
    REQUIRE(find_text_links(brackets).size() == 1);
    CHECK(find_text_links(brackets)[0].length == 17);
    std::string openings;
    for (int i = 0; i < 50000; ++i) openings += "http://";
    CHECK(find_text_links(openings).size() == 1);
}
