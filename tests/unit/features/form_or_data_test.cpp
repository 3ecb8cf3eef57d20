// SPDX-License-Identifier: Apache-2.0
// What the feature form_or_data sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::form_or_data;

TEST_CASE("forms, data links and hidden text are named") {
    Look look;
    look.message.parts = {part("text/html")};
    CHECK(see(kId, look) == "none");
    look.message.links = {link_to("x.example.net", "example.net", LinkPlace::Form)};
    Link data;
    data.scheme = "data";
    look.message.links.push_back(data);
    look.message.html_hidden_chars = 201;
    CHECK(see(kId, look) == "form data hidden");
}

TEST_CASE("a little hidden text is none, and mail without HTML says nothing") {
    Look look;
    look.message.html_hidden_chars = 200;
    CHECK(see(kId, look) == "(nothing)");
    look.message.parts = {part("text/html")};
    CHECK(see(kId, look) == "none");
}

}  // namespace
