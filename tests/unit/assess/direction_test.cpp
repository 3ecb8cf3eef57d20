// SPDX-License-Identifier: Apache-2.0
// Inbound, outbound or internal (engine/assess/direction.hpp).
#include "engine/assess/direction.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

using Strings = std::vector<std::string>;

SiteOptions site() {
    SiteOptions s;
    s.domains = {"site.example", "other.example"};
    s.networks = {"10.1.0.0/16", "2001:db8::/32"};
    return s;
}

Arrival arrival(std::string from, Strings rcpts, std::string client = "192.0.2.1") {
    Arrival a;
    a.mail_from = std::move(from);
    a.rcpts = std::move(rcpts);
    a.client_addr = std::move(client);
    return a;
}

}  // namespace

TEST_CASE("an address is in a network when its first bits are the network's") {
    struct Row {
        const char *address, *network;
        bool in;
    };
    const auto row = GENERATE(
        Row{"10.1.2.3", "10.1.0.0/16", true}, Row{"10.2.0.0", "10.1.0.0/16", false},
        Row{"10.1.15.255", "10.1.0.0/20", true}, Row{"10.1.16.0", "10.1.0.0/20", false},
        Row{"10.1.2.3", "10.1.2.3", true}, Row{"10.1.2.4", "10.1.2.3", false},
        Row{"10.1.2.3", "10.1.2.3/32", true}, Row{"10.1.2.3", "0.0.0.0/0", true},
        Row{"2001:db8::1", "0.0.0.0/0", false}, Row{"::ffff:10.1.2.3", "10.1.0.0/16", true},
        Row{"10.1.2.3", "::ffff:10.1.0.0/112", true},
        Row{"2001:db8:ffff::1", "2001:db8::/32", true}, Row{"2001:db9::1", "2001:db8::/32", false},
        Row{"::1", "::1/128", true}, Row{"::2", "::1/128", false}, Row{"10.1.2.3", "::/0", true});
    INFO(row.address << " in " << row.network);
    CHECK(in_networks(row.address, {row.network}) == row.in);
}

TEST_CASE("what cannot be read as address or network is in nothing") {
    const auto* bad = GENERATE("10.1.0.0/33", "10.1.0.0/", "10.1.0.0/x", "10.1.0.0/16x", "/16", "",
                               "10.1/16", "2001:db8::/129", "10.1.0.0/-1");
    CHECK_FALSE(in_networks("10.1.2.3", {bad}));
    CHECK(in_networks("10.1.2.3", {bad, "10.1.0.0/16"}));
    CHECK_FALSE(in_networks(GENERATE("", "unknown", "10.1.2", "10.1.2.3 "), {"0.0.0.0/0", "::/0"}));
}

TEST_CASE("subdomains of the site's domains are its own, look-alikes are not") {
    CHECK(is_own_domain("site.example", site()));
    CHECK(is_own_domain("SITE.Example", site()));
    CHECK(is_own_domain("mail.site.example", site()));
    CHECK_FALSE(is_own_domain("notsite.example", site()));
    CHECK_FALSE(is_own_domain("site.example.org", site()));
    CHECK_FALSE(is_own_domain("", site()));
    CHECK_FALSE(is_own_domain("site.example", SiteOptions{}));
}

TEST_CASE("an authenticated mail is internal when every recipient is own, else outbound") {
    Arrival a = arrival("ben@site.example", {"x@site.example", "y@other.example"});
    a.auth_user = "ben";
    CHECK(direction_of(a, site()) == Direction::Internal);
    a.rcpts.push_back("z@far.example");
    CHECK(direction_of(a, site()) == Direction::Outbound);
    a.rcpts.clear();
    CHECK(direction_of(a, site()) == Direction::Outbound);
}

TEST_CASE("from an own network it takes an own envelope sender as well") {
    CHECK(direction_of(arrival("ben@site.example", {"z@far.example"}, "10.1.2.3"), site()) ==
          Direction::Outbound);
    CHECK(direction_of(arrival("x@far.example", {"ben@site.example"}, "10.1.2.3"), site()) ==
          Direction::Inbound);
}

TEST_CASE("SEC-08: an own envelope sender from outside is inbound: anybody can write that") {
    CHECK(direction_of(arrival("ben@site.example", {"cy@site.example"}), site()) ==
          Direction::Inbound);
    CHECK(direction_of(arrival("", {"cy@site.example"}), site()) == Direction::Inbound);
    CHECK(direction_of(arrival("ben@site.example", {"cy@site.example"}, "unix"), site()) ==
          Direction::Inbound);
}
