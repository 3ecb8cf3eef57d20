// SPDX-License-Identifier: Apache-2.0
// What the feature anchor_mismatch sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::anchor_mismatch;

Look anchor(const char* visible, const char* host, const char* registrable) {
    Look look;
    look.message.links = {link_to(host, registrable, LinkPlace::Anchor, visible)};
    return look;
}

TEST_CASE("a shown host of another organisation is a mismatch") {
    CHECK(see(kId, anchor("https://www.example.com/login", "x.example.net", "example.net")) ==
          "yes");
    CHECK(see(kId, anchor("WWW.Example.com", "click.example.com", "example.com")) == "no");
}

TEST_CASE("text that names no host cannot contradict") {
    const auto* visible = GENERATE("click here", "2.5", "ann@example.com", "etc. and so on", "");
    CHECK(see(kId, anchor(visible, "x.example.net", "example.net")) == "(nothing)");
}

TEST_CASE("quoted anchors do not count") {
    Look look = anchor("www.example.com", "x.example.net", "example.net");
    look.message.links.front().quoted = true;
    CHECK(see(kId, look) == "(nothing)");
}

}  // namespace
