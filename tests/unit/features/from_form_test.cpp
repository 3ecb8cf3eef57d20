// SPDX-License-Identifier: Apache-2.0
// What the feature from_form sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::from_form;

TEST_CASE("the way the From field is written is a value") {
    Look look = from("ann", "example.com", "Ann Example");
    CHECK(see(kId, look) == "bare name");
    look.message.from.front().form = NameForm::Quoted;
    look.message.from.front().display_name = "Example, Ann";
    CHECK(see(kId, look) == "quoted name with a comma");
    look.message.from.front().form = NameForm::Encoded;
    look.message.from.front().display_name = "boss@example.com";
    CHECK(see(kId, look) == "encoded name like an address");
    CHECK(see(kId, from("ann", "example.com")) == "no name");
}

TEST_CASE("a mail without From is absence that informs") { CHECK(see(kId, Look{}) == "(absent)"); }

}  // namespace
