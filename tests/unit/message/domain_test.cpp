// SPDX-License-Identifier: Apache-2.0
#include "engine/message/domain.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

TEST_CASE("domains get one comparable form") {
    struct Row {
        std::string domain, expected;
    };
    const auto row = GENERATE(values<Row>({
        {"Example.COM", "example.com"},
        {"example.com.", "example.com"},
        {" example.com ", "example.com"},
        {"b\xC3\xBC"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xC3\x9C"
         "CHER.example",
         "xn--bcher-kva.example"},
        {"a\xE3\x80\x82"
         "example",
         "a.example"},  // ideographic full stop
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"[192.0.2.1]", "[192.0.2.1]"},
        {"", ""},
        {"...", ""},
    }));
    INFO(row.domain);
    CHECK(to_ascii_domain(row.domain) == row.expected);
    CHECK(to_ascii_domain(to_ascii_domain(row.domain)) == row.expected);
}

TEST_CASE("PARSE-25: what cannot be converted comes back and harms nothing") {
    CHECK(to_ascii_domain("\xFF\xFE.example") == "\xEF\xBF\xBD\xEF\xBF\xBD.example");
    CHECK(to_ascii_domain(std::string(100000, 'a')).size() == kMaxHostBytes);
    std::string long_label;
    for (int i = 0; i < 300; ++i) long_label += "\xC3\xBC";
    CHECK_FALSE(to_ascii_domain(long_label + ".example").empty());
}

TEST_CASE("the registrable domain follows the public suffix list") {
    struct Row {
        std::string host, expected;
    };
    const auto row = GENERATE(values<Row>({
        {"mail.example.co.uk", "example.co.uk"},
        {"example.co.uk", "example.co.uk"},
        {"co.uk", "co.uk"},
        {"a.b.example.com", "example.com"},
        {"tenant.github.io",
         "tenant.github.io"},  // a private suffix: every name is a site of its own
        {"192.0.2.1", "192.0.2.1"},
        {"[2001:db8::1]", "[2001:db8::1]"},
        {"localhost", "localhost"},
        {"mx.site.no-such-suffix", "site.no-such-suffix"},
        {"", ""},
    }));
    INFO(row.host);
    CHECK(registrable_domain(row.host) == row.expected);
}

TEST_CASE("a domain is registrable only under a listed suffix") {
    CHECK(is_registrable("example.com"));
    CHECK_FALSE(is_registrable("mail.example.com"));
    CHECK_FALSE(is_registrable("com"));
    CHECK_FALSE(is_registrable("version.2"));
    CHECK_FALSE(is_registrable("localhost"));
}

TEST_CASE("plain names and addresses are told apart") {
    CHECK(is_plain_domain("a-b_c.example"));
    CHECK_FALSE(is_plain_domain("a(b.example"));
    CHECK_FALSE(is_plain_domain(""));
    CHECK(is_address_literal("192.0.2.1"));
    CHECK(is_address_literal("[192.0.2.1]"));
    CHECK(is_address_literal("2001:db8::1"));
    CHECK_FALSE(is_address_literal("1.2.3"));
    CHECK_FALSE(is_address_literal("example.com"));
}
