// SPDX-License-Identifier: Apache-2.0
// What the feature aligned_signer sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::aligned_signer;

Look signed_by(const std::string& signer, const char* result = "pass") {
    Look look = from("ann", "mail.example.com");
    look.message.auth_results_present = true;
    look.message.auth_results = {auth("dkim", result, signer, "header.d")};
    return look;
}

TEST_CASE("a passing signature of the From domain's organisation is its signer") {
    CHECK(see(kId, signed_by("example.com")) == "example.com");
    CHECK(see(kId, signed_by("other.example.com")) == "example.com");
}

TEST_CASE("a foreign or failed signature is no aligned one") {
    CHECK(see(kId, signed_by("example.net")) == "(absent)");
    CHECK(see(kId, signed_by("example.com", "fail")) == "(absent)");
    CHECK(see(kId, signed_by("")) == "(absent)");
}

TEST_CASE("a second From mailbox of another domain is not covered by the first one's signature") {
    Look look = signed_by("example.com");
    look.message.from.push_back(mailbox("boss", "example.net"));
    CHECK(see(kId, look) == "(absent)");
}

TEST_CASE("SPF of the From domain's organisation vouches where no signature does") {
    Look look = from("ann", "mail.example.com");
    look.message.auth_results_present = true;
    look.message.auth_results = {auth("spf", "pass", "", "")};
    look.arrival.mail_from = "bounces@example.com";
    CHECK(see(kId, look) == "example.com by SPF");
    look.arrival.mail_from = "bounces@example.net";
    CHECK(see(kId, look) == "(absent)");
    look.arrival.mail_from = "";
    CHECK(see(kId, look) == "(absent)");
    look.message.auth_results = {auth("dmarc", "pass", "", "")};
    CHECK(see(kId, look) == "example.com by SPF");
    look.message.from.push_back(mailbox("boss", "example.net"));
    CHECK(see(kId, look) == "(absent)");
}

TEST_CASE("two bare host names are not one organisation") {
    Look look = from("root", "alpha");
    look.message.auth_results_present = true;
    look.message.auth_results = {auth("dkim", "pass", "beta", "header.d")};
    CHECK(see(kId, look) == "(absent)");
}

TEST_CASE("without trusted results or a From field nothing is known") {
    Look look = signed_by("example.com");
    look.message.auth_results_present = false;
    CHECK(see(kId, look) == "(nothing)");
    look = signed_by("example.com");
    look.message.from.clear();
    CHECK(see(kId, look) == "(nothing)");
}

}  // namespace
