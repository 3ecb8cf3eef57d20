// SPDX-License-Identifier: Apache-2.0
// What the feature wrote_back sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::wrote_back;

TEST_CASE("the time of the last answer is a bin") {
    const auto [bin, expected, label] = GENERATE(table<int, const char*, const char*>(
        {{0, "bin 0", "nobody here ever wrote to this sender"},
         {1, "bin 1", "nobody here wrote to this sender for 90 days"},
         {3, "bin 3", "somebody here wrote to this sender within 7 days"}}));
    Relations r;
    r.wrote_back = bin;
    CHECK(see(kId, r) == expected);
    CHECK(feature_spec(index_of(kId)).relate(r).texts().front() == label);
}

}  // namespace
