// SPDX-License-Identifier: Apache-2.0
// What the feature content_language sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::content_language;

TEST_CASE("the declared language is a value in lower case") {
    CHECK(see(kId, with_headers({{"content-language", " en-GB "}})) == "en-gb");
    CHECK(see(kId, with_headers({{"Accept-Language", "en"}})) == "(absent)");
}

}  // namespace
