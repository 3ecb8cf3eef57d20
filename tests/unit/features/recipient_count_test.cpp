// SPDX-License-Identifier: Apache-2.0
// What the feature recipient_count sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::recipient_count;

TEST_CASE("To and Cc count together in powers of two") {
    const auto [to, cc, expected] =
        GENERATE(table<std::size_t, std::size_t, const char*>({{0, 0, "bin 0"},
                                                               {1, 0, "bin 1"},
                                                               {1, 1, "bin 2"},
                                                               {3, 1, "bin 3"},
                                                               {1000, 1000, "bin 8"}}));
    Look look;
    look.message.to.assign(to, mailbox("a", "example.com"));
    look.message.cc.assign(cc, mailbox("b", "example.com"));
    CHECK(see(kId, look) == expected);
}

}  // namespace
