// SPDX-License-Identifier: Apache-2.0
// What the feature identity_flags sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::identity_flags;

TEST_CASE("each mark of somebody known counts once") {
    Relations r;
    CHECK(see(kId, r) == "bin 0");
    r.known_name = true;
    CHECK(see(kId, r) == "bin 1");
    r.look_alike_domain = true;
    r.known_local_part = true;
    CHECK(see(kId, r) == "bin 3");
}

TEST_CASE("the marks are told in words") {
    Relations r;
    r.known_name = r.look_alike_domain = true;
    CHECK(feature_spec(index_of(kId)).relate(r).texts().front() ==
          "comes from a domain that looks like one known here and uses a name that is known here "
          "at another address");
}

}  // namespace
