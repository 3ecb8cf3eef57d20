// SPDX-License-Identifier: Apache-2.0
// What the feature link_opaque sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_opaque;

Look linking(std::initializer_list<std::pair<const char*, const char*>> pages) {
    Look look;
    for (const auto& [path, query] : pages) {
        look.message.links.push_back(link_to("far.example", "far.example", LinkPlace::Anchor));
        look.message.links.back().path = path;
        look.message.links.back().query = query;
    }
    return look;
}

TEST_CASE("a link that says where it leads has a word in path or query, or is a host alone") {
    const auto [path, query, expected] =
        GENERATE(table<const char*, const char*, const char*>({{"/orders/invoice", "", "no"},
                                                               {"/x7/9", "", "yes"},
                                                               {"/1QaZ2wSx3EdC4rFv5TgB", "", "yes"},
                                                               {"/7", "page=invoice", "no"},
                                                               {"/", "", "no"},
                                                               {"", "", "no"},
                                                               {"/", "7", "yes"}}));
    INFO(path << "?" << query);
    CHECK(see(kId, linking({{path, query}})) == expected);
}

TEST_CASE("one link that does not say is enough; without a link there is nothing to say") {
    CHECK(see(kId, linking({{"/orders", ""}, {"/x7/9", ""}, {"/orders", ""}})) == "yes");
    CHECK(see(kId, Look{}) == "(nothing)");
    Look own = linking({{"/x7/9", ""}});
    own.message.links[0].host = "own.example";
    CHECK(see(kId, own) == "(nothing)");
    Look quoted = linking({{"/x7/9", ""}});
    quoted.message.links[0].quoted = true;
    CHECK(see(kId, quoted) == "(nothing)");
}

}  // namespace
