// SPDX-License-Identifier: Apache-2.0
// What the feature html_skeleton sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::html_skeleton;

TEST_CASE("the first 48 bytes of the skeleton count") {
    Look a, b;
    a.message.html_skeleton = std::string(48, 'p') + "table";
    b.message.html_skeleton = std::string(48, 'p') + "div";
    CHECK(see(kId, a) == std::string(48, 'p'));
    CHECK(see(kId, b) == see(kId, a));
    b.message.html_skeleton = std::string(47, 'p') + "d";
    CHECK(see(kId, b) != see(kId, a));
}

TEST_CASE("a mail without HTML says nothing") { CHECK(see(kId, Look{}) == "(nothing)"); }

}  // namespace
