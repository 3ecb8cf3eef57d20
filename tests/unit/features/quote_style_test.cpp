// SPDX-License-Identifier: Apache-2.0
// What the feature quote_style sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::quote_style;

Look answer(std::vector<TextLine> lines) {
    Look look = with_lines(std::move(lines));
    look.message.in_reply_to = {"a@example.com"};
    return look;
}

constexpr auto kOwn = LineRole::Own, kQuoted = LineRole::Quoted;

TEST_CASE("own text is above, below or between the quotes") {
    CHECK(see(kId, answer({{"yes", kOwn}, {"> q", kQuoted}})) == "above");
    CHECK(see(kId, answer({{"> q", kQuoted}, {"yes", kOwn}, {"", kOwn}})) == "below");
    CHECK(see(kId, answer({{"> q", kQuoted}, {"yes", kOwn}, {"> r", kQuoted}, {"no", kOwn}})) ==
          "between");
    CHECK(see(kId, answer({{"hi", kOwn}, {"> q", kQuoted}, {"yes", kOwn}})) == "above and below");
    CHECK(see(kId, answer({{"> q", kQuoted}})) == "quotes only");
    CHECK(see(kId, answer({{"yes", kOwn}})) == "nothing quoted");
}

TEST_CASE("a mail that answers nothing says nothing about quoting") {
    CHECK(see(kId, with_lines({{"yes", kOwn}, {"> q", kQuoted}})) == "(nothing)");
}

}  // namespace
