// SPDX-License-Identifier: Apache-2.0
// What the feature header_case sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::header_case;

TEST_CASE("the spelling of field names is kept as written") {
    CHECK(see(kId, with_headers({{"Mime-Version", ""}, {"Message-Id", ""}})) ==
          "Message-Id Mime-Version");
    CHECK(see(kId, with_headers({{"MIME-Version", ""}, {"Message-ID", ""}})) ==
          "Message-ID MIME-Version");
}

TEST_CASE("only fields that clients spell differently count") {
    CHECK(see(kId, with_headers({{"SUBJECT", ""}})) == see(kId, with_headers({{"Subject", ""}})));
}

}  // namespace
