// SPDX-License-Identifier: Apache-2.0
// Named views (engine/scoring/indicators.hpp).
#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// Strength of the indicator with this persistent number.
double strength(const Evidence& e, std::size_t number) { return indicator_strengths(e)[number]; }

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
