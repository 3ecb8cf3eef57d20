// SPDX-License-Identifier: Apache-2.0
// What the feature cloud_tenant sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::cloud_tenant;

TEST_CASE("the tenant a provider stamps is a value in lower case") {
    CHECK(see(kId, with_headers({{"x-ms-exchange-crosstenant-id", " AB-12 "}})) == "ab-12");
}

TEST_CASE("mail without a stamp says nothing, also when a like field is there") {
    CHECK(see(kId, with_headers({{"X-MS-Exchange-CrossTenant-AuthAs", "Internal"}})) ==
          "(nothing)");
}

}  // namespace
