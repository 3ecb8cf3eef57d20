// SPDX-License-Identifier: Apache-2.0
// Named views and tags (engine/scoring/indicators.hpp).
#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// Strength of the indicator with this persistent number.
double strength(const Evidence& e, std::size_t number) { return indicator_strengths(e)[number]; }

bool has_tag(const std::vector<std::string>& tags, std::string_view tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

std::vector<std::string> tags(const Evidence& e, Stratum s,
                              const std::vector<IndicatorScore>& indicators = {}) {
    return tags_of(e, indicators, s);
}

}  // namespace

TEST_CASE("out of character is what a steady sender changes") {
    Scene s;
    s.usual();
    const double usual = strength(s.look(later()), 1);
    CHECK(strength(s.look(later().shows(FeatureId::time_zone, "+0900")), 1) > usual + 1);
}

TEST_CASE("a new client shows in the client's features, an unusual origin in the transport's") {
    Scene s;
    s.usual();
    const auto quiet = indicator_strengths(s.look(later()));
    const auto client =
        indicator_strengths(s.look(later().shows(FeatureId::user_agent, "Unheard")));
    CHECK(client[3] > quiet[3]);
    CHECK(client[4] == quiet[4]);
    const auto origin =
        indicator_strengths(s.look(later().shows(FeatureId::auth_triple, "spf=fail dkim=fail")));
    CHECK(origin[4] > quiet[4]);
    CHECK(origin[3] == quiet[3]);
}

TEST_CASE("an inducement needs something asked") {
    Scene s;
    s.usual();
    CHECK(strength(s.look(later()), 2) == 0);
    CHECK(strength(s.look(later().links_to("new.example")), 2) > 0);
}

TEST_CASE("a first contact is stronger from an unknown domain") {
    Scene s;
    s.usual();
    CHECK(strength(s.look(later()), 5) == 0);
    CHECK(strength(s.look(later("dee@partner.example")), 5) == 1);
    CHECK(strength(s.look(later("eve@far.example")), 5) == 2);
}

TEST_CASE("an indicator is shown from one in ten on, strongest first, on the mail's own scale") {
    Scene s;
    auto& rings = s.memory.edit_site().indicators[0];
    for (int i = 0; i < 9; ++i) rings[3].add(static_cast<float>(i));
    for (int i = 0; i < 999; ++i) rings[4].add(0);
    const Evidence e = s.look(later());
    std::array<double, kIndicatorCount> strengths{};
    strengths[3] = 8.5;  // (0 + 1) / 10: exactly one in ten = 20 points
    strengths[4] = 0.01;
    auto scores = indicator_scores(e, strengths);
    REQUIRE(scores.size() == 2);
    CHECK(scores[0].name == "Unusual Origin");
    CHECK(scores[1].name == "New Sending Client");
    CHECK(scores[1].score == Approx(20));
    strengths[3] = 8;  // two in ten
    strengths[4] = 0;
    CHECK(indicator_scores(e, strengths).empty());
}

TEST_CASE("who writes for the first time is tagged by what is known of the domain") {
    Scene s;
    s.usual();
    CHECK(has_tag(tags(s.look(later("eve@far.example")), Stratum::Plain), "first-time-contact"));
    CHECK(has_tag(tags(s.look(later("dee@partner.example")), Stratum::Plain), "new-correspondent"));
    const auto known = tags(s.look(later()), Stratum::Plain);
    CHECK_FALSE(has_tag(known, "first-time-contact"));
    CHECK_FALSE(has_tag(known, "new-correspondent"));
}

TEST_CASE("whom the site writes to is a known, later an established correspondent") {
    Scene s;
    s.usual();
    CHECK_FALSE(has_tag(tags(s.look(later()), Stratum::Plain), "established-correspondent"));
    s.learns(Mail("ben@site.example", day(20))
                 .direction(Direction::Outbound)
                 .to({"anna@partner.example"}));
    CHECK(has_tag(tags(s.look(later()), Stratum::Plain), "established-correspondent"));
}

TEST_CASE("tags name the stratum's reason") {
    Scene s;
    s.usual();
    const Evidence e = s.look(later());
    CHECK(has_tag(tags(e, Stratum::Unbacked), "validation-issues"));
    CHECK_FALSE(has_tag(tags(e, Stratum::Plain), "validation-issues"));
    CHECK(has_tag(tags(e, Stratum::NewLink, {{"Inducement Shift", 50}}), "suspicious-link"));
    CHECK_FALSE(has_tag(tags(e, Stratum::NewLink, {{"Inducement Shift", 49}}), "suspicious-link"));
    CHECK(has_tag(tags(e, Stratum::Plain, {{"Out of Character", 50}}), "out-of-character"));
    s.relations.look_alike_domain = true;
    s.relations.known_name = true;
    const auto impostor = tags(s.evidence(), Stratum::Identity);
    CHECK(has_tag(impostor, "lookalike-domain"));
    CHECK(has_tag(impostor, "user-impersonation"));
}

TEST_CASE("recipients this sender never wrote to are unusual") {
    Scene s;
    s.usual();
    CHECK(has_tag(tags(s.look(later().to({"stranger@site.example"})), Stratum::Plain),
                  "unusual-recipients"));
    CHECK_FALSE(has_tag(tags(s.look(later()), Stratum::Plain), "unusual-recipients"));
}
