// SPDX-License-Identifier: Apache-2.0
// What the feature relay_path sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::relay_path;

TEST_CASE("the way is the last two hops outside the site, newest first") {
    Look look;
    look.message.received = {hop("a", "192.0.2.1", "mx.own.example"),
                             hop("b", "192.0.2.2", "out.example.com", "ESMTPS"),
                             hop("c", "192.0.2.3", "in.example.net", "ESMTPSA"),
                             hop("d", "192.0.2.4", "older.example.org")};
    CHECK(see(kId, look) == "example.com/ESMTPS < example.net/ESMTPSA");
}

TEST_CASE("a chain of own hosts only has no way from outside") {
    Look look;
    look.message.received = {hop("a", "192.0.2.1", "mx.own.example"), hop("b", "192.0.2.1", "")};
    CHECK(see(kId, look) == "(absent)");
}

}  // namespace
