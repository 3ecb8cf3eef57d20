// SPDX-License-Identifier: Apache-2.0
// What the feature x_headers sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::x_headers;

TEST_CASE("the sending side's own fields are a sorted set") {
    CHECK(see(kId, with_headers(
                       {{"X-Mailer", ""}, {"From", ""}, {"x-acme-Id", ""}, {"X-Mailer", ""}})) ==
          "{x-acme-id, x-mailer}");
}

TEST_CASE("fields that relays and filters add are left out") {
    CHECK(see(kId, with_headers({{"X-Spam-Score", ""},
                                 {"X-Kith-Score", ""},
                                 {"X-MS-Exchange-Foo", ""},
                                 {"X-Received", ""}})) == "{}");
}

TEST_CASE("at most sixteen fields count") {
    Look look;
    for (int i = 0; i < 17; ++i)
        look.message.headers.push_back({"X-A" + std::string(static_cast<std::size_t>(i), 'b'), ""});
    CHECK(raw(kId, look).texts().size() == 16);
}

}  // namespace
