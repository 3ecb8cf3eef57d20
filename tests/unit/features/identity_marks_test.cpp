// SPDX-License-Identifier: Apache-2.0
// What the feature identity_marks sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::identity_marks;

TEST_CASE("the marks of somebody known are told apart, in words") {
    Relations r;
    CHECK(see(kId, r) == "(absent)");
    r.known_name = true;
    CHECK(see(kId, r) == "uses a name that is known here at another address");
    r.look_alike_domain = true;
    CHECK(see(kId, r) ==
          "comes from a domain that looks like one known here and uses a name that is known here "
          "at another address");
    r.known_local_part = true;
    CHECK(see(kId, r).ends_with("has the local part of somebody known in another domain"));
}

}  // namespace
