// SPDX-License-Identifier: Apache-2.0
// What Postfix's commands print, as data.
#include "engine/admin/postfix.hpp"

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::admin;

TEST_CASE("milters are read with the settings in their braces") {
    const auto m = parse_milters(
        "inet:127.0.0.1:8891, unix:x/y.sock\n  { inet:localhost:9000, default_action=accept, { "
        "content_timeout = 60s } }");
    REQUIRE(m.size() == 3);
    CHECK(m[0].endpoint == "inet:127.0.0.1:8891");
    CHECK(m[1].endpoint == "unix:x/y.sock");
    CHECK(m[2].endpoint == "inet:localhost:9000");
    CHECK(m[2].settings == std::map<std::string, std::string>{{"default_action", "accept"},
                                                              {"content_timeout", "60s"}});
}

TEST_CASE("odd milter lists end without a fault") {
    CHECK(parse_milters("").empty());
    CHECK(parse_milters(" , ,").empty());
    CHECK(parse_milters("{}").empty());
    CHECK(parse_milters("{ inet:a:1").size() == 1);
    CHECK(parse_milters("} inet:a:1").size() == 2);
    CHECK(parse_milters(std::string(10000, '{')).size() <= 1);
}

TEST_CASE("services carry their overrides and their chroot") {
    const auto s = parse_services(
        "smtp       inet  n       -       y       -       -       smtpd\n"
        "submission inet  n       -       -       -       -       smtpd -o smtpd_milters=\n"
        "cleanup    unix  n       -       n       -       0       cleanup\n",
        "submission/inet/smtpd_milters = \n"
        "127.0.0.1:10025/inet/content_filter = \n"
        "submission/inet/smtpd_sasl_auth_enable = yes\n",
        true);
    REQUIRE(s.size() == 3);
    CHECK(s[0].chroot);
    CHECK(s[1].chroot);  // "-" is the default given
    CHECK_FALSE(s[2].chroot);
    CHECK(s[1].overrides.at("smtpd_milters").empty());
    CHECK(s[1].overrides.at("smtpd_sasl_auth_enable") == "yes");
    CHECK(s[0].overrides.empty());
    CHECK_FALSE(parse_services("smtp inet n - - - - smtpd\n", "", false)[0].chroot);
}

TEST_CASE("a queued mail is found by its whole id only, and in the queue it is in") {
    const std::string report =
        R"({"queue_name": "hold", "queue_id": "4Q1", "sender": "4Q12@example.org", "recipients": []})"
        "\nnot json 4Q12\n"
        R"({"queue_name": "deferred", "queue_id": "4Q12", "sender": "a@example.org", "recipients": []})"
        "\n";
    CHECK(find_queued(report, "4Q1")->queue == "hold");
    CHECK(find_queued(report, "4Q12")->queue == "deferred");
    CHECK_FALSE(find_queued(report, "4Q").has_value());
    CHECK_FALSE(find_queued(report, "").has_value());
    CHECK_FALSE(find_queued("", "4Q1").has_value());
    CHECK(held_mail(report).size() == 1);
}

TEST_CASE("a sender that is no UTF-8 does not hide the mail") {
    const std::string report =
        "{\"queue_name\": \"hold\", \"queue_id\": \"4Q1\", \"sender\": \"\xff\xfe@x\"}\n";
    CHECK(find_queued(report, "4Q1")->queue == "hold");
}

TEST_CASE("settings are cut at the first equals sign") {
    const auto s = parse_settings("a = b = c\nempty = \nnonsense\n");
    CHECK(s.at("a") == "b = c");
    CHECK(s.at("empty").empty());
    CHECK(s.size() == 2);
}
