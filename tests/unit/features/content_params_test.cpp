// SPDX-License-Identifier: Apache-2.0
// What the feature content_params sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::content_params;

TEST_CASE("names, order and quoting of parameters count, values do not") {
    const auto form = [](const char* value) {
        return see(kId, with_headers({{"Content-Type", value}}));
    };
    CHECK(form("text/plain; charset=\"utf-8\"; Format=Flowed") == "charset\" format=flowed");
    CHECK(form("text/plain; charset=utf-8") == "charset");
    CHECK(form("text/plain; charset=iso-8859-1") == "charset");
    CHECK(form("text/plain") == "none");
    CHECK(see(kId, Look{}) == "(absent)");
}

TEST_CASE("at most seven parameters are read") {
    CHECK(
        see(kId, with_headers({{"Content-Type", "a/b; a=1; b=1; c=1; d=1; e=1; f=1; g=1; h=1"}})) ==
        "a b c d e f g");
}

}  // namespace
