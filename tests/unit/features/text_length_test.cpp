// SPDX-License-Identifier: Apache-2.0
// What the feature text_length sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::text_length;

TEST_CASE("length counts in powers of two up to eight") {
    const auto [words, expected] = GENERATE(table<std::uint32_t, const char*>({{0, "bin 0"},
                                                                               {1, "bin 1"},
                                                                               {3, "bin 2"},
                                                                               {4, "bin 3"},
                                                                               {127, "bin 7"},
                                                                               {128, "bin 8"},
                                                                               {400, "bin 8"}}));
    Look look;
    look.observations.word_total = words;
    CHECK(see(kId, look) == expected);
}

}  // namespace
