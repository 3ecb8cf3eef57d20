// SPDX-License-Identifier: Apache-2.0
// What an allowance is made of and does to a judgement (engine/scoring/allow.hpp).
#include "engine/scoring/allow.hpp"

#include <algorithm>

#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Mail odd() {
    return later()
        .links_to("new.example", "page")
        .asks_for({Ask::Login})
        .shows(FeatureId::time_zone, "+0900")
        .shows(FeatureId::user_agent, "Unheard");
}

bool has(const std::vector<std::uint16_t>& features, FeatureId f) {
    return std::find(features.begin(), features.end(), index_of(f)) != features.end();
}
bool has(const std::vector<std::uint16_t>& features, Ask a) {
    return std::find(features.begin(), features.end(), index_of(a)) != features.end();
}

Allowances allowed(const Mail& mail, std::vector<std::uint16_t> features) {
    const Observations& o = mail;
    Allowance a;
    a.id = "m1";
    a.rcpts = o.rcpts;
    a.features = std::move(features);
    a.expires = o.time + Seconds(86400);
    Allowances all;
    all.add(a, o.time);
    return all;
}

}  // namespace

TEST_CASE("allowed is what was surprising of the reasons' causes: not another request, no sum") {
    Scene s;
    s.usual();
    const Mail mail = odd();
    const Comparison c = compare(mail, s.memory, test_hasher());
    REQUIRE(c.surprise.x[index_of(FeatureId::time_zone)] > 0);
    const auto features =
        features_to_allow({{"user_agent", 3, ""}, {"ask_login", 2, ""}, {"other_mails", 1, ""}}, c);
    CHECK(has(features, FeatureId::user_agent));
    CHECK(has(features, FeatureId::time_zone));  // the same program shows in it
    CHECK(has(features, Ask::Login));
    CHECK_FALSE(has(features, Ask::Pay));
    CHECK_FALSE(has(features, FeatureId::text_asks));
    CHECK_FALSE(has(features, FeatureId::link_host));
    CHECK(features_to_allow({}, c).empty());
}

TEST_CASE("what is allowed surprises no more, and everything else does as before") {
    Scene s;
    s.usual();
    const Mail mail = odd();
    const Comparison before = compare(mail, s.memory, test_hasher());
    Comparison c = before;
    const auto zone = static_cast<std::uint16_t>(index_of(FeatureId::time_zone));
    CHECK(excuse_allowed(mail, allowed(mail, {zone}), c.relations, s.memory.site(), c.surprise) ==
          1);
    CHECK(c.surprise.x[zone] == 0);
    CHECK(c.surprise.detail[zone].p == 1);
    for (const FeatureId other : {FeatureId::user_agent, FeatureId::link_host})
        CHECK(c.surprise.x[index_of(other)] == before.surprise.x[index_of(other)]);
}

TEST_CASE("to another recipient, or later, nothing is excused") {
    Scene s;
    s.usual();
    const Mail mail = odd();
    const auto zone = static_cast<std::uint16_t>(index_of(FeatureId::time_zone));
    const Allowances all = allowed(mail, {zone});
    const auto excused = [&](const Mail& m) {
        Comparison c = compare(m, s.memory, test_hasher());
        return excuse_allowed(m, all, c.relations, s.memory.site(), c.surprise);
    };
    CHECK(excused(mail) == 1);
    Mail another = odd();
    another.to({"cora@site.example"});
    CHECK(excused(another) == 0);
    Mail both = odd();
    both.to({"ben@site.example", "cora@site.example"});
    CHECK(excused(both) == 0);
    Mail late = odd();
    late.get().time += Seconds(2 * 86400);
    CHECK(excused(late) == 0);
}
