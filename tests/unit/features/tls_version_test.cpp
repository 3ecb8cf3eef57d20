// SPDX-License-Identifier: Apache-2.0
// What the feature tls_version sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::tls_version;

TEST_CASE("the TLS version is a value, its lack says nothing") {
    Look look;
    CHECK(see(kId, look) == "(nothing)");
    look.arrival.tls_version = "TLSv1.3";
    CHECK(see(kId, look) == "TLSv1.3");
}

}  // namespace
