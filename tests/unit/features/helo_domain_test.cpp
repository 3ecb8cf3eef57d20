// SPDX-License-Identifier: Apache-2.0
// What the feature helo_domain sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::helo_domain;

TEST_CASE("the HELO name counts by its organisation or its form") {
    const auto [helo, expected] =
        GENERATE(table<const char*, const char*>({{"mx1.mail.example.co.uk", "example.co.uk"},
                                                  {"[192.0.2.1]", "[address]"},
                                                  {"192.0.2.1", "[address]"},
                                                  {"localhost", "bare"},
                                                  {"", "(nothing)"}}));
    Look look;
    look.arrival.helo = helo;
    CHECK(see(kId, look) == expected);
}

}  // namespace
