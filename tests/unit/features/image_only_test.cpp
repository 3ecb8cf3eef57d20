// SPDX-License-Identifier: Apache-2.0
// What the feature image_only sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::image_only;

TEST_CASE("an HTML mail with pictures and fewer than five words is a picture") {
    Look look;
    look.message.parts = {part("text/html"), part("image/png")};
    look.observations.word_total = 4;
    CHECK(see(kId, look) == "yes");
    look.observations.word_total = 5;
    CHECK(see(kId, look) == "no");
}

TEST_CASE("a linked picture counts, plain mail says nothing") {
    Look look;
    look.message.links = {link_to("img.example.com", "example.com", LinkPlace::Image)};
    CHECK(see(kId, look) == "(nothing)");
    look.message.parts = {part("text/html")};
    CHECK(see(kId, look) == "yes");
    look.message.links.clear();
    CHECK(see(kId, look) == "no");
}

}  // namespace
