// SPDX-License-Identifier: Apache-2.0
// What the feature attachment_risk sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::attachment_risk;

TEST_CASE("what is risky about an attachment's name is seen") {
    const auto [name, expected] =
        GENERATE(table<const char*, const char*>({{"scan.pdf", "nothing special"},
                                                  {"scan.pdf.html", "a risky name"},
                                                  {"page.html", "nothing special"},
                                                  {"Setup.EXE", "a risky name"},
                                                  {"setup.exe. ", "a risky name"},
                                                  {"invoice\u202Efdp.txt", "a risky name"},
                                                  {"disk.iso", "a risky name"},
                                                  {"", "nothing special"}}));
    Look look;
    look.message.parts = {attachment("application/octet-stream", name)};
    CHECK(see(kId, look) == expected);
}

TEST_CASE("macros and encryption are named together") {
    Look look;
    look.message.parts = {attachment("application/msword", "a.doc"),
                          attachment("application/zip", "b.zip")};
    look.message.parts[0].has_macros = true;
    look.message.parts[1].encrypted = true;
    CHECK(see(kId, look) == "macros encryption");
}

TEST_CASE("a mail without attachment is absence that informs") {
    Look look;
    look.message.parts = {part("text/html")};
    CHECK(see(kId, look) == "(absent)");
}

}  // namespace
