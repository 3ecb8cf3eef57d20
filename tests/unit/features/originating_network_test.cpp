// SPDX-License-Identifier: Apache-2.0
// What the feature originating_network sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::originating_network;

TEST_CASE("the browser's network is read with or without brackets") {
    CHECK(see(kId, with_headers({{"X-Originating-IP", " [198.51.100.7] "}})) == "198.51");
    CHECK(see(kId, with_headers({{"x-client-ip", "2001:db8:1::2"}})) == "2001:db8:1");
}

TEST_CASE("no such field says nothing, an unreadable one is a value") {
    CHECK(see(kId, with_headers({{"X-Mailer", "198.51.100.7"}})) == "(nothing)");
    CHECK(see(kId, with_headers({{"X-Originating-IP", "unknown"}})) == "?");
}

}  // namespace
