// SPDX-License-Identifier: Apache-2.0
// What the feature from_count sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::from_count;

TEST_CASE("From mailboxes are counted up to four") {
    const auto [n, expected] = GENERATE(table<std::size_t, const char*>(
        {{0, "0"}, {1, "1"}, {3, "3"}, {4, "four or more"}, {1000, "four or more"}}));
    Look look;
    look.message.from.assign(n, mailbox("a", "example.com"));
    CHECK(see(kId, look) == expected);
}

}  // namespace
