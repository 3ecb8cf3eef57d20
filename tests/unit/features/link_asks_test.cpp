// SPDX-License-Identifier: Apache-2.0
// What the feature link_asks sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_asks;

TEST_CASE("what is asked beside a new link is counted, four and more are one bin") {
    const auto [asks, expected, label] =
        GENERATE(table<std::uint32_t, const char*, const char*>({{0, "bin 0", "0"},
                                                                 {0b100, "bin 1", "1"},
                                                                 {0b1111, "bin 4", "4"},
                                                                 {0b1011011, "bin 4", "5"}}));
    Relations r;
    r.new_link = true;
    r.link_asks = asks;
    CHECK(see(kId, r) == expected);
    CHECK(feature_spec(index_of(kId)).relate(r).texts().front() == label);
}

TEST_CASE("without a new link nothing is asked beside one") {
    Relations r;
    r.link_asks = 0b111;
    CHECK(see(kId, r) == "(nothing)");
}

}  // namespace
