// SPDX-License-Identifier: Apache-2.0
// What the feature auth_triple sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::auth_triple;

TEST_CASE("the three results of a trusted field are one value") {
    Look look;
    look.message.auth_results_present = true;
    look.message.auth_results = {auth("spf", "pass", "example.com", "smtp.mailfrom"),
                                 auth("dkim", "fail", "example.com", "header.d"),
                                 auth("dkim", "pass", "example.com", "header.d")};
    CHECK(see(kId, look) == "spf=pass dkim=pass dmarc=none");
}

TEST_CASE("SPF of the HELO name is not the sender's") {
    Look look;
    look.message.auth_results_present = true;
    look.message.auth_results = {auth("spf", "pass", "example.com", "smtp.helo")};
    CHECK(see(kId, look) == "spf=none dkim=none dmarc=none");
}

TEST_CASE("without a trusted field nothing is known") {
    Look look;
    look.message.auth_results = {auth("spf", "pass", "example.com", "smtp.mailfrom")};
    CHECK(see(kId, look) == "(nothing)");
}

}  // namespace
