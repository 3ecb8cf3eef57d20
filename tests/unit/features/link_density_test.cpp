// SPDX-License-Identifier: Apache-2.0
// What the feature link_density sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_density;

TEST_CASE("density is links per twelve words in powers of two around bin 5") {
    const auto [links, words, expected] =
        GENERATE(table<std::size_t, std::uint32_t, const char*>({{0, 12, "bin 0"},
                                                                 {1, 12, "bin 5"},
                                                                 {2, 6, "bin 7"},
                                                                 {1, 400, "bin 1"},
                                                                 {40, 0, "bin 9"}}));
    Look look;
    look.observations.links.resize(links);
    look.observations.word_total = words;
    CHECK(see(kId, look) == expected);
}

}  // namespace
