// SPDX-License-Identifier: Apache-2.0
// What the feature message_id_shape sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::message_id_shape;

TEST_CASE("two ids of one generator have one shape, another generator has another") {
    Look a, b, c;
    a.message.message_id = "20260105.ab12cd@example.com";
    b.message.message_id = "20260318.ff09aa@example.net";
    c.message.message_id = "KmXyQw-zz@example.com";
    CHECK(see(kId, a) == "03.h3");
    CHECK(see(kId, b) == "03.h3");
    CHECK(see(kId, c) == "M3-a1");
}

TEST_CASE("the lack of a Message-ID has no shape but informs") {
    CHECK(see(kId, Look{}) == "(absent)");
}

}  // namespace
