// SPDX-License-Identifier: Apache-2.0
// What the feature user_agent sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::user_agent;

TEST_CASE("the client is told without its version") {
    const auto [agent, expected] = GENERATE(table<const char*, const char*>(
        {{"Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.1",
          "linux thunderbird"},
         {"Acme Mailer 7.2", "acme mailer"},
         {"1.2.3", "?"},
         {"", "(absent)"}}));
    Look look;
    look.message.user_agent = agent;
    CHECK(see(kId, look) == expected);
}

TEST_CASE("an update is no new client, another product is") {
    Look before, after, other;
    before.message.user_agent = "Acme Mailer/7.2";
    after.message.user_agent = "Acme Mailer/8.0";
    other.message.user_agent = "Bolt Mailer/8.0";
    CHECK(see(kId, before) == see(kId, after));
    CHECK(see(kId, before) != see(kId, other));
}

}  // namespace
