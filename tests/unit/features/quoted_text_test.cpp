// SPDX-License-Identifier: Apache-2.0
// What the feature quoted_text sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::quoted_text;

TEST_CASE("quoted text is told by how much of it was said") {
    const auto [known, text] = GENERATE(table<double, const char*>(
        {{-1, "(nothing)"},
         {1, "quotes what was said in the conversation"},
         {.75, "quotes some text that nobody wrote in the conversation"},
         {.5, "quotes some text that nobody wrote in the conversation"},
         {.25, "mostly quotes text that nobody wrote in the conversation"},
         {0, "quotes text that nobody wrote in the conversation"}}));
    Relations r;
    r.quoted_known = known;
    CHECK(see(kId, r) == text);
}

}  // namespace
