// SPDX-License-Identifier: Apache-2.0
// What the feature mime_tree sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::mime_tree;

TEST_CASE("the tree is a value as the parser gives it") {
    Look look;
    look.message.mime_tree = "mixed(text/plain,application/pdf)";
    CHECK(see(kId, look) == "mixed(text/plain,application/pdf)");
    look.message.mime_tree = "text/plain";
    CHECK(see(kId, look) == "text/plain");
}

}  // namespace
