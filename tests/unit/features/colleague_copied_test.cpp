// SPDX-License-Identifier: Apache-2.0
// What the feature colleague_copied sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::colleague_copied;

TEST_CASE("somebody else of the sender's organisation in To or Cc is a colleague") {
    Look look;
    look.message.from = {mailbox("ann", "lab.firm.example")};
    look.message.to = {mailbox("bob", "own.example"), mailbox("Ann", "lab.firm.example")};
    CHECK(see(kId, look) == "(absent)");
    look.message.cc = {mailbox("eve", "firm.example")};
    CHECK(see(kId, look) == "a colleague");
    std::swap(look.message.to, look.message.cc);
    CHECK(see(kId, look) == "a colleague");
}

TEST_CASE("who has no domain has no colleagues") {
    Look look;
    look.message.from = {mailbox("ann", "")};
    look.message.to = {mailbox("bob", "")};
    CHECK(see(kId, look) == "(nothing)");
    look.message.from.clear();
    CHECK(see(kId, look) == "(nothing)");
}

}  // namespace
