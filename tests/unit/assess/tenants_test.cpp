// SPDX-License-Identifier: Apache-2.0
// Whose mail a mail is, and what each tenant may know of it (engine/assess/tenants.hpp).
#include "engine/assess/tenants.hpp"

#include "engine/assess/direction.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

namespace {

using Strings = std::vector<std::string>;

std::shared_ptr<const Config> tenant(const char* name, const char* domain) {
    auto config = std::make_shared<Config>();
    config->tenant = name;
    config->site.domains = {domain};
    config->site.networks = {"127.0.0.0/8"};
    return config;
}

std::shared_ptr<const Config> site() {
    auto config = std::make_shared<Config>();
    config->site.domains = {"host.example"};
    config->site.networks = {"127.0.0.0/8"};
    config->tenants = {tenant("blue", "blue.example"), tenant("red", "red.example")};
    return config;
}

Arrival mail(const char* from, Strings rcpts) {
    Arrival a;
    a.client_addr = "192.0.2.1";
    a.mail_from = from;
    a.rcpts = std::move(rcpts);
    return a;
}

/// "blue inbound cy@blue.example; red inbound ben@red.example"
std::string told(const Arrival& arrival) {
    std::string out;
    for (const TenantPart& part : split_by_tenant(site(), arrival)) {
        if (!out.empty()) out += "; ";
        out += part.config->tenant.empty() ? "site" : part.config->tenant;
        out += ' ';
        out += to_string(direction_of(part.arrival, part.config->site));
        if (part.arrival.auth_user) out += " by " + *part.arrival.auth_user;
        for (const std::string& rcpt : part.arrival.rcpts) out += ' ' + rcpt;
    }
    return out;
}

}  // namespace

TEST_CASE("mail from outside is for each tenant what its own recipients got") {
    CHECK(told(mail("a@partner.example", {"cy@blue.example", "dee@blue.example"})) ==
          "blue inbound cy@blue.example dee@blue.example");
    CHECK(told(mail("a@partner.example",
                    {"ben@RED.example", "cy@blue.example", "eva@red.example", "x@host.example"})) ==
          "red inbound ben@RED.example eva@red.example; blue inbound cy@blue.example; "
          "site inbound x@host.example");
    CHECK(told(mail("a@partner.example", {"x@elsewhere.example"})) ==
          "site inbound x@elsewhere.example");
    CHECK(told(mail("a@partner.example", {})) == "site inbound");
}

TEST_CASE("a sender of a tenant that nothing proves is one from outside") {
    CHECK(told(mail("cy@blue.example", {"ben@red.example"})) == "red inbound ben@red.example");
    CHECK(told(mail("cy@blue.example", {"dee@blue.example"})) == "blue inbound dee@blue.example");
}

TEST_CASE("mail from one tenant to another is outbound for one and inbound for the other") {
    Arrival a = mail("cy@blue.example", {"dee@blue.example", "ben@red.example", "z@far.example"});
    SECTION("with a login, which only its own tenant sees") {
        a.auth_user = "cy";
        CHECK(told(a) ==
              "blue outbound by cy dee@blue.example ben@red.example z@far.example; "
              "red inbound ben@red.example");
    }
    SECTION("from an own network") {
        a.client_addr = "127.0.0.1";
        CHECK(told(a) ==
              "blue outbound dee@blue.example ben@red.example z@far.example; "
              "red inbound ben@red.example");
    }
}

TEST_CASE("whose login sent a mail is told by the login, else by the sender") {
    Arrival a = mail("", {"z@far.example"});
    a.auth_user = "ben@red.example";
    CHECK(told(a) == "red outbound by ben@red.example z@far.example");
    a.auth_user = "ben";
    CHECK(told(a) == "site outbound by ben z@far.example");
    a.mail_from = "cy@blue.example";
    CHECK(told(a) == "blue outbound by ben z@far.example");
    // Who writes under another tenant's address leaves nothing with it.
    a.auth_user = "ben@red.example";
    CHECK(told(a) == "red outbound by ben@red.example z@far.example");
}

TEST_CASE("mail inside a tenant is its own alone") {
    Arrival a = mail("cy@blue.example", {"dee@blue.example"});
    a.auth_user = "cy@blue.example";
    CHECK(told(a) == "blue internal by cy@blue.example dee@blue.example");
}

TEST_CASE("without tenants a mail is one part, as it came") {
    const auto config = std::make_shared<const Config>();
    Arrival a = mail("cy@blue.example", {"ben@red.example", "cy@blue.example"});
    a.auth_user = "cy";
    const auto parts = split_by_tenant(config, a);
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].config == config);
    CHECK(parts[0].arrival.rcpts == a.rcpts);
    CHECK(parts[0].arrival.auth_user == a.auth_user);
}
