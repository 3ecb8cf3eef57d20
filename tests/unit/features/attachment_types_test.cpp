// SPDX-License-Identifier: Apache-2.0
// What the feature attachment_types sees in a mail. Its contract with all others:
// contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::attachment_types;

TEST_CASE("types by content, once each, with the ending where the type says little") {
    Look look;
    look.message.parts = {
        part("text/plain"), attachment("application/octet-stream", "a.pdf", "application/pdf"),
        attachment("application/pdf", "b.pdf"), attachment("application/octet-stream", "c.BIN"),
        attachment("application/zip", "noending")};
    CHECK(see(kId, look) == "{application/octet-stream .bin, application/pdf, application/zip}");
}

TEST_CASE("the body is no attachment") {
    Look look;
    look.message.parts = {part("text/plain"), part("image/png")};
    CHECK(see(kId, look) == "{}");
}

TEST_CASE("at most sixteen attachments are looked at") {
    Look look;
    for (int i = 0; i < 17; ++i)
        look.message.parts.push_back(
            attachment("x/" + std::string(static_cast<std::size_t>(i) + 1, 'a'), ""));
    CHECK(raw(kId, look).texts().size() == 16);
}

}  // namespace
