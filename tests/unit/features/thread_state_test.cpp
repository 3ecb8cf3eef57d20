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
        {{ThreadState::None, "starts a conversation of its own"},
         {ThreadState::Unknown, "answers in a conversation never seen here"},
         {ThreadState::Member, "answers in a conversation it takes part in"},
         {ThreadState::Colleague, "answers in a conversation that only a colleague takes part in"},
         {ThreadState::Addressed, "answers in a conversation it was addressed in"},
         {ThreadState::Newcomer, "joins a conversation it had no part in"}}));
    Relations r;
    r.thread = state;
    CHECK(see(kId, r) == expected);
}

}  // namespace
