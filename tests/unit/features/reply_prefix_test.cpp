// SPDX-License-Identifier: Apache-2.0
// What the feature reply_prefix sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::reply_prefix;

TEST_CASE("the prefix of an answer is kept as written") {
    const auto [subject, expected] =
        GENERATE(table<const char*, const char*>({{"Re: Offer", "Re"},
                                                  {"  RE: Offer", "RE"},
                                                  {"AW: WG: Offer", "AW"},
                                                  {"Note: offer", "(nothing)"},
                                                  {": offer", "(nothing)"},
                                                  {"Offer", "(nothing)"}}));
    CHECK(see(kId, with_subject(subject)) == expected);
}

}  // namespace
