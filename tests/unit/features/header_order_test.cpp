// SPDX-License-Identifier: Apache-2.0
// What the feature header_order sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::header_order;

TEST_CASE("each pair of well-known fields tells which comes first") {
    CHECK(see(kId, with_headers({{"To", ""}, {"X-Other", ""}, {"FROM", ""}, {"Subject", ""}})) ==
          "{to before from, from before subject, to before subject}");
}

TEST_CASE("a field that is left out changes no other pair, and repeated fields count once") {
    const auto all = raw(kId, with_headers({{"From", ""}, {"To", ""}, {"Date", ""}})).texts();
    const auto fewer = raw(kId, with_headers({{"From", ""}, {"Date", ""}, {"From", ""}})).texts();
    REQUIRE(fewer.size() == 1);
    CHECK(std::find(all.begin(), all.end(), fewer.front()) != all.end());
    CHECK(see(kId, Look{}) == "{}");
}

}  // namespace
