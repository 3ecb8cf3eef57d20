// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/mode.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

Config with(Mode site, std::vector<ModeRule> rules) {
    Config config;
    config.site.domains = {"example.com", "example.net"};
    config.mode = site;
    config.modes = std::move(rules);
    return config;
}

Mode inbound(const Config& config, const std::vector<std::string>& rcpts) {
    return mode_for(config, Direction::Inbound, "anna@example.com", rcpts);
}

}  // namespace

TEST_CASE("without rules every mail goes by the site's mode") {
    for (const Mode mode : {Mode::Passive, Mode::Tag, Mode::Enforce}) {
        const Config config = with(mode, {});
        CHECK(inbound(config, {"bert@example.com"}) == mode);
        CHECK(inbound(config, {}) == mode);
        CHECK(mode_for(config, Direction::Outbound, "bert@example.com", {"a@b.example"}) == mode);
    }
}

TEST_CASE("the most specific rule speaks, in whatever order they stand") {
    std::vector<ModeRule> rules{{"inbound", "", Mode::Tag},
                                {"", "example.com", Mode::Passive},
                                {"inbound", "example.com", Mode::Enforce}};
    if (GENERATE(true, false)) std::reverse(rules.begin(), rules.end());
    const Config config = with(Mode::Passive, rules);
    CHECK(inbound(config, {"bert@example.com"}) == Mode::Enforce);
    CHECK(inbound(config, {"bert@example.net"}) == Mode::Tag);
    CHECK(mode_for(config, Direction::Internal, "bert@example.com", {"c@example.com"}) ==
          Mode::Passive);
    // The domain's own word is more than the direction's.
    CHECK(inbound(with(Mode::Enforce,
                       {{"inbound", "", Mode::Enforce}, {"", "example.com", Mode::Passive}}),
                  {"bert@example.com"}) == Mode::Passive);
}

TEST_CASE("a rule holds for what is below its domain until a longer one speaks") {
    const Config config = with(Mode::Passive, {{"inbound", "example.com", Mode::Tag},
                                               {"", "lab.example.com", Mode::Enforce}});
    CHECK(inbound(config, {"x@shop.example.com"}) == Mode::Tag);
    CHECK(inbound(config, {"x@lab.example.com"}) == Mode::Enforce);
    CHECK(inbound(config, {"x@deep.lab.example.com"}) == Mode::Enforce);
    CHECK(inbound(config, {"x@notexample.com"}) == Mode::Passive);
}

TEST_CASE("the domain is the recipients' of inbound mail and the sender's of other mail") {
    const Config config = with(Mode::Passive, {{"", "example.com", Mode::Enforce}});
    CHECK(mode_for(config, Direction::Inbound, "a@example.com", {"b@example.net"}) ==
          Mode::Passive);
    CHECK(mode_for(config, Direction::Outbound, "A@Example.COM", {"b@partner.example"}) ==
          Mode::Enforce);
    CHECK(mode_for(config, Direction::Internal, "a@example.net", {"b@example.com"}) ==
          Mode::Passive);
    CHECK(mode_for(config, Direction::Outbound, "", {"b@example.com"}) == Mode::Passive);
}

TEST_CASE("a mail to recipients of several modes gets the strictest") {
    const Config config =
        with(Mode::Tag, {{"", "example.com", Mode::Passive}, {"", "example.net", Mode::Enforce}});
    CHECK(inbound(config, {"a@example.com"}) == Mode::Passive);
    CHECK(inbound(config, {"a@example.com", "b@example.net", "c@example.com"}) == Mode::Enforce);
    CHECK(inbound(config, {"a@example.com", "b@elsewhere.example"}) == Mode::Tag);
}

TEST_CASE("what the MTA tells gives the direction as well") {
    const Config config = with(Mode::Passive, {{"outbound", "", Mode::Tag}});
    Arrival arrival;
    arrival.mail_from = "a@example.com";
    arrival.rcpts = {"b@partner.example"};
    CHECK(mode_for(config, arrival) == Mode::Passive);
    arrival.auth_user = "a";
    CHECK(mode_for(config, arrival) == Mode::Tag);
}

TEST_CASE("the modes are told in one line") {
    CHECK(modes_text(with(Mode::Tag, {})) == "tag");
    CHECK(modes_text(with(Mode::Passive, {{"inbound", "example.com", Mode::Enforce},
                                          {"", "example.net", Mode::Tag}})) ==
          "passive, but enforce for inbound example.com, tag for example.net");
}
