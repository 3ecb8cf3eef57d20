// SPDX-License-Identifier: Apache-2.0
#include "engine/config/values.hpp"

#include <cstdint>
#include <string>
#include <tuple>

#include "tests/support/catch.hpp"

namespace kith {
namespace {

/// The reason of a refusal, "" when `result` is a value.
template <class T>
std::string reason(const Result<T>& result) {
    return result ? "" : result.error().what;
}

TEST_CASE("a size is a whole number of bytes with a binary unit") {
    const auto [text, bytes] = GENERATE(table<std::string, std::uint64_t>({
        {"0", 0},
        {"1", 1},
        {"4096", 4096},
        {"7B", 7},
        {"1KiB", 1024},
        {"512 KiB", 524288},
        {"1MiB", 1048576},
        {"1GiB", 1073741824},
        {"2TiB", 2199023255552},
        {"18446744073709551615", UINT64_MAX},
        {"16777215TiB", 18446742974197923840ULL},  // (2^24 - 1) * 2^40
    }));
    REQUIRE(parse_size(text));
    CHECK(parse_size(text).value() == bytes);
}

TEST_CASE("a size that is not whole, known or representable is refused") {
    const auto text = GENERATE(as<std::string>{}, "", "KiB", "1.5GiB", "-1", "+1", "1kB", "1GB",
                               "1G", "1gib", "0x10", "010", "1KiB KiB", "18446744073709551616",
                               "16777216TiB", "1e3", "99999999999999999999999999");
    CHECK(reason(parse_size(text)).rfind("must be a size like 512KiB or 1GiB", 0) == 0);
}

TEST_CASE("a time needs its unit, except for 0") {
    const auto [text, seconds] = GENERATE(table<std::string, std::int64_t>({
        {"0", 0},
        {"0s", 0},
        {"5s", 5},
        {"5 s", 5},
        {"10m", 600},
        {"12h", 43200},
        {"90d", 7776000},
        {"2w", 1209600},
        {"36525d", 3155760000},  // 100 years of 365.25 days
    }));
    REQUIRE(parse_duration(text));
    CHECK(parse_duration(text).value() == Seconds(seconds));
    CHECK(reason(parse_duration("36526d")) == "must be shorter than 100 years, is \"36526d\"");
}

TEST_CASE("a time without unit or with a strange one is refused") {
    const auto text = GENERATE(as<std::string>{}, "", "5", "s", "5S", "5 minutes", "-5s", "1.5h",
                               "1h30m", "05s", "18446744073709551615w", "12:30");
    CHECK(reason(parse_duration(text)).rfind("must be a time like 5s or 90d", 0) == 0);
}

TEST_CASE("sizes and times are printed in their largest whole unit") {
    CHECK(print_size(0) == "0");
    CHECK(print_size(1000) == "1000");
    CHECK(print_size(1024) == "1KiB");
    CHECK(print_size(1536) == "1536");
    CHECK(print_size(3ULL << 40) == "3TiB");
    CHECK(print_duration(Seconds(0)) == "0s");
    CHECK(print_duration(Seconds(90)) == "90s");
    CHECK(print_duration(Seconds(120)) == "2m");
    CHECK(print_duration(Seconds(7LL * 86400)) == "7d");
}

TEST_CASE("a number is finite and decimal") {
    REQUIRE(parse_number("0.1"));
    CHECK(parse_number("0.1").value() == 0.1);
    CHECK(parse_number("-2").value() == -2.0);
    CHECK(parse_number("1e2").value() == 100.0);
    const auto text = GENERATE(as<std::string>{}, "", "nan", ".nan", "inf", ".inf", "-inf", "1e999",
                               "0x10", "1,5", "1 ", "+1", "one");
    CHECK(reason(parse_number(text)).rfind("must be a number, is ", 0) == 0);
}

TEST_CASE("a count has digits only, none of them a leading zero") {
    CHECK(parse_count("0").value() == 0);
    CHECK(parse_count("10").value() == 10);
    const auto text = GENERATE(as<std::string>{}, "", "-1", "+1", "1.0", "1e3", "010", "0x1F",
                               "1_000", "1 000", "18446744073709551616");
    CHECK(reason(parse_count(text)).rfind("must be a whole number, is ", 0) == 0);
}

TEST_CASE("a switch is true or false and nothing that looks like it") {
    CHECK(parse_bool("true").value());
    CHECK_FALSE(parse_bool("false").value());
    const auto text = GENERATE(as<std::string>{}, "yes", "no", "on", "True", "1", "");
    CHECK(reason(parse_bool(text)).rfind("must be true or false, is ", 0) == 0);
}

TEST_CASE("the name of a Unix socket may have 107 bytes and not 108") {
    const std::string path = "/" + std::string(106, 'a');
    CHECK(parse_socket("unix:" + path));
    CHECK(reason(parse_socket("unix:" + path + "a")) ==
          "the name of the socket has 108 bytes, the system takes 107");
}

TEST_CASE("sockets in libmilter's notation are taken") {
    const auto text = GENERATE(as<std::string>{}, "unix:/run/kith/kith.sock",
                               "local:/run/kith.sock", "inet:8891@127.0.0.1", "inet:1@localhost",
                               "inet6:65535@::1", "inet6:8891@mx.example.com");
    CHECK(parse_socket(text).value() == text);
}

TEST_CASE("a socket in another notation is refused with the reason") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"/run/kith.sock",
         "must be unix:PATH, inet:PORT@ADDRESS or inet6:PORT@ADDRESS, is \"/run/kith.sock\""},
        {"unix:kith.sock", "socket: must be an absolute file name, is \"kith.sock\""},
        {"unix:", "socket: must be an absolute file name, is \"\""},
        {"fd:3", "must be unix:PATH, inet:PORT@ADDRESS or inet6:PORT@ADDRESS, is \"fd:3\""},
        {"inet:127.0.0.1:8891", "must be like inet:8891@127.0.0.1, is \"inet:127.0.0.1:8891\""},
        {"inet:8891", "must be like inet:8891@127.0.0.1, is \"inet:8891\""},
        {"inet:0@127.0.0.1", "must be like inet:8891@127.0.0.1, is \"inet:0@127.0.0.1\""},
        {"inet:65536@127.0.0.1", "must be like inet:8891@127.0.0.1, is \"inet:65536@127.0.0.1\""},
        {"inet:8891@127.0.0.256", "\"127.0.0.256\" is not an IPv4 address or a host name"},
        {"inet:8891@::1", "\"::1\" is not an IPv4 address or a host name"},
        {"inet6:8891@127.0.0.1", "\"127.0.0.1\" is not an IPv6 address or a host name"},
        {"inet6:x@::1", "must be like inet6:8891@::1, is \"inet6:x@::1\""},
    }));
    CHECK(reason(parse_socket(text)) == expected);
}

TEST_CASE("a network is an address or CIDR without bits behind the prefix") {
    const auto good = GENERATE(as<std::string>{}, "127.0.0.0/8", "::1/128", "192.0.2.7",
                               "2001:db8::/32", "0.0.0.0/0", "::/0");
    CHECK(parse_network(good).value() == good);
    CHECK(reason(parse_network("10.0.0.1/8")) ==
          "\"10.0.0.1/8\" has address bits behind its prefix");
    CHECK(reason(parse_network("2001:db8::1/127")) ==
          "\"2001:db8::1/127\" has address bits behind its prefix");
    CHECK(reason(parse_network("10.0.0.0/33")) ==
          "\"10.0.0.0/33\": the prefix must be between 0 and 32");
    CHECK(reason(parse_network("::/129")) == "\"::/129\": the prefix must be between 0 and 128");
}

TEST_CASE("what is no network is refused") {
    const auto text =
        GENERATE(as<std::string>{}, "", "/8", "10.0.0/8", "example.com", "10.0.0.0-10.0.0.9",
                 std::string("10.0.0.0\0/8", 11), "fe80::1%eth0");
    CHECK(reason(parse_network(text)).rfind("must be a network like", 0) == 0);
}

TEST_CASE("a domain is kept in lower case, also one that looks like a word of YAML") {
    CHECK(parse_domain("Example.COM").value() == "example.com");
    CHECK(parse_domain("no").value() == "no");
    CHECK(parse_domain("xn--bcher-kva.example").value() == "xn--bcher-kva.example");
    CHECK(parse_domain("B\xC3\xBC"
                       "cher.example")
              .value() ==
          "b\xC3\xBC"
          "cher.example");
}

TEST_CASE("a label may have 63 bytes and a domain 253") {
    const std::string label(63, 'a');
    CHECK(parse_domain(label + ".example"));
    CHECK_FALSE(parse_domain(label + "a.example"));
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
    REQUIRE(longest.size() == 253);
    CHECK(parse_domain(longest));
    CHECK_FALSE(parse_domain(longest + "b"));
}

TEST_CASE("what is no domain is refused with the reason") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"", "must be a domain like example.com, is \"\""},
        {"user@example.com", "must be a domain, is the address \"user@example.com\""},
        {".example.com", "\".example.com\": subdomains count anyway, write the domain alone"},
        {"*.example.com", "\"*.example.com\": subdomains count anyway, write the domain alone"},
        {"example.com.", "\"example.com.\": without the final dot"},
        {"example..com", "must be a domain like example.com, is \"example..com\""},
        {"-a.example", "must be a domain like example.com, is \"-a.example\""},
        {"exa mple.com", "must be a domain like example.com, is \"exa mple.com\""},
        {"a.example, b.example", "must be a domain like example.com, is \"a.example, b.example\""},
    }));
    CHECK(reason(parse_domain(text)) == expected);
}

TEST_CASE("a path is absolute and shorter than the system's bound") {
    CHECK(parse_path("/var/lib/kith").value() == "/var/lib/kith");
    CHECK(parse_path("/" + std::string(4094, 'a')));
    CHECK(reason(parse_path("/" + std::string(4095, 'a'))) == "longer than 4095 bytes");
    CHECK(reason(parse_path("var/lib")) == "must be an absolute file name, is \"var/lib\"");
    CHECK(reason(parse_path("/a\nb")) == "must be one line of text");
}

TEST_CASE("a text has at most 1024 bytes and no control characters") {
    CHECK(parse_text("").value().empty());
    CHECK(parse_text(std::string(1024, 'a')));
    CHECK(reason(parse_text(std::string(1025, 'a'))) == "longer than 1024 bytes");
    CHECK(reason(parse_text("a\tb")) == "must be one line of text");
    CHECK(reason(parse_text("\xFF")) == "must be one line of text");
}

TEST_CASE("a name is one printable word") {
    CHECK(parse_name("MX.Example.com").value() == "mx.example.com");
    CHECK(parse_name(std::string(255, 'a')));
    CHECK_FALSE(parse_name(std::string(256, 'a')));
    const auto text = GENERATE(as<std::string>{}, "", "a b", "a;b", "\"a\"", "\xC3\xBC", "a\n");
    CHECK(reason(parse_name(text)).rfind("must be one word like mx.example.com, is ", 0) == 0);
}

TEST_CASE("a refused value is quoted once, escaped and cut") {
    CHECK(quote_value("x") == "\"x\"");
    CHECK(quote_value("a b") == "\"a b\"");
    CHECK(quote_value("a\nb") == "\"a\\x0ab\"");
    CHECK(quote_value(std::string(100, 'a')) == '"' + std::string(64, 'a') + '"');
}

}  // namespace
}  // namespace kith
