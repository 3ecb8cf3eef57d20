// SPDX-License-Identifier: Apache-2.0
// What the feature thread_state sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::thread_state;

TEST_CASE("each state of the conversation has its own words") {
    const auto [state, expected] = GENERATE(table<ThreadState, const char*>(
        {{ThreadState::None, "(none)"},
         {ThreadState::Unknown, "never seen here"},
         {ThreadState::Member, "this sender takes part in"},
         {ThreadState::Colleague, "only a colleague of this sender takes part in"},
         {ThreadState::Addressed, "this sender was written to in"},
         {ThreadState::Newcomer, "this sender had no part in"}}));
    Relations r;
    r.thread = state;
    CHECK(see(kId, r) == expected);
}

}  // namespace
