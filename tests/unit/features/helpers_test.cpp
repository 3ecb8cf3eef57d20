// SPDX-License-Identifier: Apache-2.0
// The small readings of a mail that several features share; what one feature alone uses is in that
// feature's test.
#include "engine/features/helpers.hpp"

#include <limits>

#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

TEST_CASE("networks are coarse, private ones are one, and a mapped address is its IPv4 one") {
    const auto [address, expected] =
        GENERATE(table<const char*, const char*>({{"203.0.113.9", "203.0"},
                                                  {"::ffff:203.0.113.9", "203.0"},
                                                  {"2001:db8:abcd:1::1", "2001:db8:abcd"},
                                                  {"172.16.0.1", "private"},
                                                  {"172.32.0.1", "172.32"},
                                                  {"192.168.1.1", "private"},
                                                  {"100.64.0.1", "private"},
                                                  {"100.128.0.1", "100.128"},
                                                  {"fd00::1", "private"},
                                                  {"fe80::1", "private"},
                                                  {"203.0.113", "?"},
                                                  {"", "?"}}));
    INFO(address);
    CHECK(network_of(address) == expected);
}

TEST_CASE("an address with a NUL in it is no address") {
    CHECK(network_of(std::string_view("203.0.113.9\0x", 13)) == "?");
}

TEST_CASE("organisations are registrable domains") {
    CHECK(organisation_of("a.b.example.co.uk") == "example.co.uk");
    CHECK(organisation_of("EXAMPLE.com") == "example.com");
    CHECK(organisation_of("co.uk") == "co.uk");
    CHECK(organisation_of("").empty());
}

TEST_CASE("hosts are of one organisation only when both have one") {
    CHECK(same_organisation("a.example.com", "b.EXAMPLE.com"));
    CHECK(same_organisation("localhost", "LOCALHOST"));
    CHECK_FALSE(same_organisation("a.example.com", "a.example.net"));
    CHECK_FALSE(same_organisation("alpha", "beta"));
    CHECK_FALSE(same_organisation("192.0.2.1", "192.0.2.2"));
    CHECK_FALSE(same_organisation("", ""));
    CHECK_FALSE(same_organisation("a.co.uk", "b.co.uk"));
}

TEST_CASE("own domains hold their subdomains and nothing that only ends alike") {
    const std::vector<std::string> own{"own.example"};
    CHECK(is_own("own.example", own));
    CHECK(is_own("MX.Own.Example", own));
    CHECK_FALSE(is_own("disown.example", own));
    CHECK_FALSE(is_own("own.example.net", own));
    CHECK_FALSE(is_own("", own));
    CHECK_FALSE(is_own("own.example", {}));
}

TEST_CASE("joining sorts and drops repetitions") {
    CHECK(join_sorted({"b", "a", "b"}) == "a,b");
    CHECK(join_sorted({}).empty());
}

TEST_CASE("decoration of envelope addresses is taken off, odd forms stay as they are") {
    const auto [address, expected] = GENERATE(table<const char*, const char*>({
        {"Ann@Example.com", "ann@example.com"},
        {"SRS0=hh=tt=example.com=ann@fwd.example.net", "ann@example.com"},
        {"SRS0=hh=tt=example.com=ann=x@fwd.example.net", "ann=x@example.com"},
        {"SRS1=hh=a.example.net==hh=tt=example.com=ann@b.example.org", "ann@example.com"},
        {"SRS0=hh@fwd.example.net", "srs0=hh@fwd.example.net"},
        {"SRS0@fwd.example.net", "srs0@fwd.example.net"},
        {"SRS1=a@fwd.example.net", "srs1=a@fwd.example.net"},
        {"SRS0=hh=tt==ann@fwd.example.net", "srs0=hh=tt==ann@fwd.example.net"},
        {"prvs=12345=ann@example.com", "ann@example.com"},
        {"btv1==abc==ann@example.com", "ann@example.com"},
        {"list+bob=own.example@example.com", "list@example.com"},
        {"+@example.com", "+@example.com"},
        {"postmaster", "postmaster"},
        {"", ""},
    }));
    INFO(address);
    CHECK(undecorated_address(address) == expected);
}

TEST_CASE("random labels become a star and only the last four labels count") {
    CHECK(host_shape("a.b.c.d.example.com") == "c.d.example.com");
    CHECK(host_shape(std::string(31, 'q') + ".example.com") == "*.example.com");
    CHECK(host_shape("deadbeefdeadbeef.example.com") == "*.example.com");
    CHECK(host_shape("").empty());
}

TEST_CASE("skeletons fold runs by class and length and stay short") {
    CHECK(skeleton("ab-ABC_12x.Zz") == "a1-A2_x2.M1");
    CHECK(skeleton("\xC3\xA9\xC3\xA9") == "~");
    CHECK(skeleton("").empty());
    CHECK(skeleton(std::string(129, '-')) == std::string(48, '-'));
    CHECK(skeleton(std::string(100000, 'a')) == "a6");
}

TEST_CASE("the sides of an id are cut at its last at-sign") {
    CHECK(before_at("a@b@c") == "a@b");
    CHECK(before_at("abc") == "abc");
}

TEST_CASE("brackets come off in pairs only") {
    CHECK(strip_brackets("[a]") == "a");
    CHECK(strip_brackets("[a") == "[a");
    CHECK(strip_brackets("[]").empty());
    CHECK(strip_brackets("[") == "[");
    CHECK(strip_brackets("").empty());
}

TEST_CASE("the best of several results of a method counts") {
    Message m;
    CHECK(auth_result(m, "dkim") == "none");
    m.auth_results = {auth("dkim", "fail", "a", "header.d"), auth("dkim", "pass", "b", "header.d"),
                      auth("dkim", "neutral", "c", "header.d")};
    CHECK(auth_result(m, "dkim") == "pass");
    CHECK(auth_result(m, "spf") == "none");
}

TEST_CASE("log2 bins are the number's binary digits, at most eight") {
    CHECK(log2_bin(0) == 0);
    CHECK(log2_bin(2) == 2);
    CHECK(log2_bin(255) == 8);
    CHECK(log2_bin(std::numeric_limits<std::uint32_t>::max()) == 8);
}

TEST_CASE("words for a value out of range are still words") {
    CHECK(wrote_back_text(-1) == "nobody here ever wrote to this sender");
    CHECK(wrote_back_text(99) == "somebody here wrote to this sender within 7 days");
    CHECK(novelty_text(static_cast<Novelty>(77)) == "?");
    CHECK(thread_text(static_cast<ThreadState>(77)) == "?");
}

TEST_CASE("free mail providers are known in every country they are in, look-alikes are not") {
    CHECK(is_free_mail("gmail.com"));
    CHECK(is_free_mail("yahoo.co.uk"));
    CHECK(is_free_mail("web.de"));
    CHECK_FALSE(is_free_mail("web.example"));
    CHECK_FALSE(is_free_mail("gmail-service.example"));
    CHECK_FALSE(is_free_mail(""));
}

TEST_CASE("another filter's word is read off its usual fields") {
    CHECK(told_spam(with_headers({{"X-Spam-Flag", " YES"}}).message));
    CHECK(told_spam(with_headers({{"X-Spam-Status", "Yes, score=9.1"}}).message));
    CHECK_FALSE(told_spam(with_headers({{"X-Spam-Status", "No, score=0.1"}}).message));
    CHECK_FALSE(told_spam(with_headers({{"Subject", "yes"}}).message));
}

TEST_CASE("many recipients in every place are looked up without taking long") {
    Message m;
    Arrival a;
    for (int i = 0; i < 1000; ++i) m.to.push_back(mailbox("a" + std::to_string(i), "own.example"));
    for (int i = 0; i < 1000; ++i) m.cc.push_back(mailbox("b" + std::to_string(i), "own.example"));
    for (int i = 0; i < 5000; ++i) a.rcpts.push_back("c" + std::to_string(i) + "@own.example");
    CHECK(recipient_place(m, a) == "hidden copy");
    a.rcpts.emplace_back("b999@own.example");
    CHECK(recipient_place(m, a) == "Cc hidden copy");
}

}  // namespace
