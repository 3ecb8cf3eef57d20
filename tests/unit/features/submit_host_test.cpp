// SPDX-License-Identifier: Apache-2.0
// What the feature submit_host sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::submit_host;

TEST_CASE("the submitting machine's name keeps its words and loses numbers and random labels") {
    const auto [helo, expected] = GENERATE(
        table<const char*, const char*>({{"ANNS-PC", "anns-pc"},
                                         {"host-17.lan.example.com", "host-0.lan.example.com"},
                                         {"a1b2c3d4e5f6.example.com", "*.example.com"},
                                         {"", "(absent)"}}));
    Look look;
    look.message.received = {hop(helo, "198.51.100.9", "smtp.example.com")};
    CHECK(see(kId, look) == expected);
}

}  // namespace
