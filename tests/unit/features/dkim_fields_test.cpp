// SPDX-License-Identifier: Apache-2.0
// What the feature dkim_fields sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::dkim_fields;

TEST_CASE("the first signature's list of fields is a value") {
    Look look;
    look.message.dkim = {{"example.com", "a", "from:to:subject", ""},
                         {"example.com", "b", "from", ""}};
    CHECK(see(kId, look) == "from:to:subject");
    CHECK(see(kId, Look{}) == "(nothing)");
}

}  // namespace
