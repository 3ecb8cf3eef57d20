// SPDX-License-Identifier: Apache-2.0
// What the feature dkim_signer sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::dkim_signer;

TEST_CASE("signers are sorted and selectors lose their numbers") {
    Look look;
    look.message.dkim = {{"example.net", "s2025a", "from", "rsa-sha256"},
                         {"example.com", "Key1", "from", "rsa-sha256"}};
    CHECK(see(kId, look) == "example.com/key0,example.net/s0a");
}

TEST_CASE("a rotated selector is the same signer, another domain is not") {
    Look before, after, other;
    before.message.dkim = {{"example.com", "s2024", "from", ""}};
    after.message.dkim = {{"example.com", "s2025", "from", ""}};
    other.message.dkim = {{"example.net", "s2025", "from", ""}};
    CHECK(see(kId, before) == see(kId, after));
    CHECK(see(kId, before) != see(kId, other));
    CHECK(see(kId, Look{}) == "(absent)");
}

}  // namespace
