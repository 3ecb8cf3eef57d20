// SPDX-License-Identifier: Apache-2.0
// What the feature charset sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::charset;

TEST_CASE("character set and encoding of the first shown text part are one value") {
    Look look;
    Part attached = attachment("text/csv", "a.csv");
    attached.charset = "utf-16";
    Part shown_part = part("text/plain");
    shown_part.charset = "utf-8";
    shown_part.encoding = "quoted-printable";
    look.message.parts = {attached, shown_part};
    CHECK(see(kId, look) == "utf-8/quoted-printable");
}

TEST_CASE("a mail without text has none") {
    Look look;
    look.message.parts = {part("image/png"), attachment("text/plain", "a.txt")};
    CHECK(see(kId, look) == "(absent)");
}

}  // namespace
