// SPDX-License-Identifier: Apache-2.0
// What the feature link_place sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_place;

TEST_CASE("places of own links are named, each once") {
    Look look;
    look.message.links = {
        link_to("a.example.com", "example.com", LinkPlace::TextAlone),
        link_to("b.example.com", "example.com", LinkPlace::TextAlone),
        link_to("c.example.com", "example.com", LinkPlace::Anchor, "open the file")};
    CHECK(see(kId, look) == "alone short anchor");
    look.message.links = {link_to("c.example.com", "example.com", LinkPlace::Anchor,
                                  "one two three four five six words")};
    CHECK(see(kId, look) == "long anchor");
    look.message.links = {link_to("c.example.com", "example.com", LinkPlace::TextInline)};
    CHECK(see(kId, look) == "in text");
}

TEST_CASE("quoted links and images are no places") {
    Look look;
    look.message.links = {link_to("a.example.com", "example.com", LinkPlace::TextAlone),
                          link_to("a.example.com", "example.com", LinkPlace::Image)};
    look.message.links.front().quoted = true;
    CHECK(see(kId, look) == "no link");
}

}  // namespace
