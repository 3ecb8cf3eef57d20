// SPDX-License-Identifier: Apache-2.0
// What the feature reply_without_reference sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::reply_without_reference;

TEST_CASE("an answer's subject without a reference is told from a real answer") {
    Look look = with_subject("Re: Offer");
    CHECK(see(kId, look) == "yes");
    look.message.references = {"a@example.com"};
    CHECK(see(kId, look) == "no");
    look.message.references.clear();
    look.message.in_reply_to = {"a@example.com"};
    CHECK(see(kId, look) == "no");
    CHECK(see(kId, with_subject("Offer")) == "no");
}

}  // namespace
