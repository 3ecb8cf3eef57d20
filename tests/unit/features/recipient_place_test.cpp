// SPDX-License-Identifier: Apache-2.0
// What the feature recipient_place sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::recipient_place;

TEST_CASE("envelope recipients are looked for in To and Cc") {
    Look look;
    look.message.to = {mailbox("z", "own.example"), mailbox("Ann", "own.example")};
    look.message.cc = {mailbox("bob", "own.example")};
    look.arrival.rcpts = {"ann@OWN.example"};
    CHECK(see(kId, look) == "To");
    look.arrival.rcpts = {"ann@own.example", "bob@own.example", "eve@own.example"};
    CHECK(see(kId, look) == "To Cc hidden copy");
}

TEST_CASE("a mail that names nobody is told from a hidden copy") {
    Look look;
    CHECK(see(kId, look) == "nobody");
    look.arrival.rcpts = {"ann@own.example"};
    CHECK(see(kId, look) == "no named recipient");
}

}  // namespace
