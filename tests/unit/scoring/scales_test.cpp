// SPDX-License-Identifier: Apache-2.0
// The frozen state of the site (engine/scoring/scales.hpp).
#include "engine/scoring/scales.hpp"

#include <algorithm>
#include <cmath>

#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("an empty site finds everything ordinary and all strata alike") {
    const SiteState site;
    const Scales scales(site);
    CHECK(scales.stratum_p(Direction::Inbound, Stratum::NewLink, 50) == 1);
    CHECK(scales.share(Direction::Inbound, Stratum::NewLink) == Approx(1 / 6.0));
    CHECK(scales.calibration_mails(Direction::Inbound) == 0);
    CHECK(scales.level_shift(Direction::Inbound, 20) == 0);
    CHECK(scales.indicator_p(Direction::Inbound, 0, 50) == 1);
}

TEST_CASE("directions and strata have scales of their own") {
    SiteState site;
    for (int i = 0; i < 9; ++i) site.scores[0][1].add(static_cast<float>(i));
    site.scores[0][2].add(1);
    site.scores[1][1].add(1);
    const Scales scales(site);
    CHECK(scales.calibration_mails(Direction::Inbound) == 10);
    CHECK(scales.calibration_mails(Direction::Inbound, Stratum::NewLink) == 9);
    CHECK(scales.calibration_mails(Direction::Outbound) == 1);
    CHECK(scales.stratum_p(Direction::Inbound, Stratum::NewLink, 8) == Approx(0.2));
    CHECK(scales.stratum_p(Direction::Inbound, Stratum::Request, 8) == Approx(0.5));
    CHECK(scales.stratum_p(Direction::Internal, Stratum::NewLink, 8) == 1);
}

TEST_CASE("a stratum's share is that of its mails, one added to each") {
    SiteState site;
    site.stratum_mails[0] = {0, 9, 4, 0, 81, 0};
    const Scales scales(site);
    CHECK(scales.share(Direction::Inbound, Stratum::NewLink) == Approx(0.1));
    CHECK(scales.share(Direction::Inbound, Stratum::Identity) == Approx(0.01));
    CHECK(scales.share(Direction::Inbound, Stratum::Plain) == Approx(0.82));
}

TEST_CASE(
    "the level is shifted so that three in a hundred come out as such, by one power at most") {
    SiteState site;
    const auto with = [&](float top, int n) {
        site.evidence[0] = ScoreRing(kLevelRing);
        for (int i = 0; i < n; ++i) site.evidence[0].add(i % 100 < 4 ? top : 0.25F);
        return Scales(site).level_shift(Direction::Inbound, 20);
    };
    CHECK(with(2.3F, 1000) == Approx(-std::log10(.03) - 2.3).margin(1e-6));
    CHECK(with(1.3F, 1000) == Approx(-std::log10(.03) - 1.3).margin(1e-6));
    CHECK(with(8, 1000) == -1);
    CHECK(with(0.25F, 1000) == 1);
    CHECK(with(2.3F, 999) == 0);  // too few to tell
}

TEST_CASE("newcomers and old acquaintances have a level each, near the direction's") {
    SiteState site;
    // 1,000 mails of which 4 in 100 have evidence 1.5229 = 3 in 100: the direction is level.
    const auto three_in_100 = static_cast<float>(-std::log10(.03));
    for (int i = 0; i < 1000; ++i) site.evidence[0].add(i % 100 < 4 ? three_in_100 : 0.25F);
    const auto of_newcomers = [&](float top, int n) {
        site.stage_evidence[0][1] = ScoreRing(kStageRing);
        for (int i = 0; i < n; ++i) site.stage_evidence[0][1].add(i % 20 == 0 ? top : 0.25F);
        return Scales(site).level_shift(Direction::Inbound, 1);
    };
    // Half a power too high: lowered by n / (n + 50) of it.
    CHECK(of_newcomers(three_in_100 + 0.5F, 950) == Approx(-0.5 * 950 / 1000).margin(1e-6));
    CHECK(of_newcomers(three_in_100 + 0.5F, 100) == Approx(-0.5 * 100 / 150).margin(1e-6));
    CHECK(of_newcomers(three_in_100 + 0.5F, 99) == Approx(0).margin(1e-6));  // too few to tell
    // Raised by no more than .15, however little there is.
    CHECK(of_newcomers(three_in_100 - 0.1F, 950) == Approx(0.1 * 950 / 1000).margin(1e-6));
    CHECK(of_newcomers(0.25F, 950) == Approx(0.15).margin(1e-6));
    CHECK(of_newcomers(8, 950) == Approx(-1));
    CHECK(Scales(site).level_shift(Direction::Inbound, 2) == Approx(-1));
    CHECK(Scales(site).level_shift(Direction::Inbound, 0) == Approx(0).margin(1e-6));
    CHECK(Scales(site).level_shift(Direction::Inbound, 3) == Approx(0).margin(1e-6));
    CHECK(Scales(site).level_shift(Direction::Outbound, 1) == 0);
}

TEST_CASE("an attack that is one mail in a hundred does not move the level") {
    SiteState site;
    for (int i = 0; i < 3000; ++i)
        site.evidence[0].add(static_cast<float>(-std::log10((i % 1000 + 0.5) / 1000)));
    const double before = Scales(site).level_shift(Direction::Inbound, 20);
    CHECK(before == Approx(0).margin(0.01));
    for (int i = 0; i < 30; ++i) site.evidence[0].add(6);
    CHECK(Scales(site).level_shift(Direction::Inbound, 20) == Approx(before).margin(0.2));
}

TEST_CASE(
    "a stage with too much or too little at 1.5 in 100 is bent there, and nowhere above 1 in "
    "1000") {
    SiteState site;
    const auto uniform = [](ScoreRing& ring, int n, double steeper) {
        for (int i = 0; i < n; ++i) {
            const double c = -std::log10((i * 617 % 1000 + 0.5) / 1000);
            // The same as others' up to 3 in 100, with a thicker or thinner tail.
            ring.add(static_cast<float>(c < 1.52 ? c : std::min(2.9, 1.52 + (c - 1.52) * steeper)));
        }
    };
    uniform(site.evidence[0], 3000, 1);
    uniform(site.stage_evidence[0][0], 1000, 1.6);
    uniform(site.stage_evidence[0][4], 1000, .5);
    const Scales scales(site);
    const auto moved = [&](double messages, double c) {
        return scales.levelled(Direction::Inbound, messages, c) - c -
               scales.level_shift(Direction::Inbound, messages);
    };
    CHECK(moved(0, 1.85) < -.1);                       // newcomers: too many
    CHECK(moved(60, 1.85) > .1);                       // old acquaintances: too few
    CHECK(moved(20, 1.85) == Approx(0).margin(1e-9));  // nothing known of them
    for (const double messages : {0., 60.})
        for (const double c : {0., 1., 3.3, 5., 7.})
            CHECK(moved(messages, c) == Approx(0).margin(1e-9));
    // Nothing overtakes: what was more suspicious stays so.
    for (const double messages : {0., 20., 60.})
        for (double c = 0; c < 5; c += .01)
            CHECK(scales.levelled(Direction::Inbound, messages, c + .01) >
                  scales.levelled(Direction::Inbound, messages, c));
}

TEST_CASE("mail that was held for itself does not bend the level of who is known well") {
    SiteState site, attacked;
    for (SiteState* s : {&site, &attacked})
        for (int i = 0; i < 1000; ++i) {
            const auto c = static_cast<float>(-std::log10((i * 617 % 1000 + 0.5) / 1000));
            s->evidence[0].add(c);
            s->stage_evidence[0][4].add(c);
        }
    // Two in a hundred are attacks.
    for (int i = 0; i < 20; ++i) attacked.stage_evidence[0][4].add(6);
    const auto at = [](const SiteState& s) {
        const Scales scales(s);
        return scales.levelled(Direction::Inbound, 60, 1.85) -
               scales.level_shift(Direction::Inbound, 60);
    };
    CHECK(at(attacked) == Approx(at(site)).margin(.2));
}
