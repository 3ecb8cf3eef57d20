// SPDX-License-Identifier: Apache-2.0
// What the feature ask_count sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::ask_count;

TEST_CASE("different asks are counted up to six") {
    const auto [bits, expected] =
        GENERATE(table<std::uint32_t, const char*>({{0, "bin 0"},
                                                    {0b1, "bin 1"},
                                                    {0b10110, "bin 3"},
                                                    {0b111111, "bin 6"},
                                                    {0b1111111, "bin 6"}}));
    Look look;
    look.observations.asks = bits;
    CHECK(see(kId, look) == expected);
}

}  // namespace
