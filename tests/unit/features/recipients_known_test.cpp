// SPDX-License-Identifier: Apache-2.0
// What the feature recipients_known sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::recipients_known;

TEST_CASE("all, some or none of the recipients are known") {
    const auto [share, expected] = GENERATE(table<double, const char*>(
        {{-1, "(nothing)"}, {1, "bin 0"}, {0.5, "bin 1"}, {0, "bin 2"}}));
    Relations r;
    r.recipients_known = share;
    CHECK(see(kId, r) == expected);
}

}  // namespace
