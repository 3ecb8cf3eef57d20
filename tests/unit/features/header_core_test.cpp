// SPDX-License-Identifier: Apache-2.0
// What the feature header_core sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::header_core;

TEST_CASE("the order of the seven common fields is one value") {
    CHECK(see(kId, with_headers({{"Subject", ""}, {"X-A", ""}, {"from", ""}, {"DATE", ""}})) ==
          "subject,from,date");
    CHECK(see(kId, with_headers({{"from", ""}, {"Subject", ""}, {"DATE", ""}})) ==
          "from,subject,date");
}

TEST_CASE("fields that are not core do not count") {
    CHECK(see(kId, with_headers({{"Cc", ""}, {"From", ""}})) ==
          see(kId, with_headers({{"From", ""}, {"Cc", ""}})));
}

}  // namespace
