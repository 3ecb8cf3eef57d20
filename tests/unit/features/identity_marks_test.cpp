// SPDX-License-Identifier: Apache-2.0
// What the feature identity_marks sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::identity_marks;

TEST_CASE("the marks of somebody known are told apart") {
    Relations r;
    CHECK(see(kId, r) == "(absent)");
    r.known_name = true;
    CHECK(see(kId, r) == "a known name");
    r.look_alike_domain = true;
    r.known_local_part = true;
    CHECK(see(kId, r) == "a look-alike domain and a known local part and a known name");
}

}  // namespace
