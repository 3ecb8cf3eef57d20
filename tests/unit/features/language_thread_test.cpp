// SPDX-License-Identifier: Apache-2.0
// What the feature language_thread sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::language_thread;

TEST_CASE("the share of the conversation's words is a number where both are known") {
    Relations r;
    r.language = true;
    r.thread_words = -0.25;
    CHECK(see(kId, r) == "(nothing)");
    r.has_thread_words = true;
    CHECK(see(kId, r) == "number -0.25");
    r.language = false;
    CHECK(see(kId, r) == "(nothing)");
}

}  // namespace
