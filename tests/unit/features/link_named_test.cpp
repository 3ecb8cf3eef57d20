// SPDX-License-Identifier: Apache-2.0
// What the feature link_named sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_named;

TEST_CASE("the more of a new link's words are known, the more speaks for it, up to half of them") {
    const auto [known, expected] = GENERATE(table<double, const char*>({{0, "(nothing)"},
                                                                        {0.125, "number 0.75"},
                                                                        {0.25, "number 1.5"},
                                                                        {0.5, "number 3."},
                                                                        {1, "number 3."}}));
    Relations r;
    r.new_link = true;
    r.link_known = known;
    CHECK(see(kId, r) == expected);
}

TEST_CASE("a link that is not new needs nothing to speak for it") {
    Relations r;
    r.link_known = 1;
    CHECK(see(kId, r) == "(nothing)");
}

TEST_CASE("a link named in known words speaks for mail with a new link") {
    CHECK(feature_spec(index_of(kId)).relieves == Stratum::NewLink);
}

}  // namespace
