// SPDX-License-Identifier: Apache-2.0
// Laws of surprise, calibration, score and verdict over generated input.
#include <cmath>
#include <random>

#include "engine/features/spec.hpp"
#include "engine/model/calibration.hpp"
#include "engine/model/surprise.hpp"
#include "engine/profile/profile.hpp"
#include "engine/scoring/score.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

namespace {

using Random = std::mt19937_64;
double unit(Random& r) { return std::uniform_real_distribution<double>(0, 1)(r); }

constexpr std::size_t kF = 5;
constexpr unsigned kNoCap = 255;

Profile any_profile(Random& random, std::uint32_t values) {
    Profile p;
    const auto mails = random() % 60;
    for (std::uint64_t i = 0; i < mails; ++i) {
        // Few values often, many seldom.
        const auto v =
            static_cast<std::uint32_t>(static_cast<double>(values) * std::pow(unit(random), 3));
        (void)p.add(kF, 1 + v, from_unix(86400 * static_cast<long>(i + 1)), kNoCap, 1000);
    }
    return p;
}

double x_of(const Profile& p, std::uint32_t value, double nu) {
    return hinge(level_p(p.standing(kF, value, false), nu, 0.3, false));
}

}  // namespace

TEST_CASE("surprise is finite and not negative for any counts and any novelty") {
    const auto seed = GENERATE(take(20, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    for (int i = 0; i < 300; ++i) {
        Standing s;
        s.n = std::pow(10, 8 * unit(random) - 3);
        s.t = std::floor(unit(random) * s.n) + 1;
        s.seen = random() % 2 == 0;
        if (s.seen) {
            s.below = unit(random) * s.n;
            s.equal = unit(random) * (s.n - s.below);
        }
        NoveltyCurve curve;
        for (int k = 0; k < 20; ++k) curve.count(s.n, s.t, random() % 3 == 0);
        const double p = level_p(s, curve.nu(s.n, s.t), unit(random), random() % 2 == 0);
        REQUIRE(p >= kSurpriseFloor);
        REQUIRE(p <= 1);
        REQUIRE(hinge(p) >= 0);
        REQUIRE(std::isfinite(hinge(p)));
    }
}

TEST_CASE("seeing a value again never makes it more surprising") {
    const auto seed = GENERATE(take(200, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    const Profile before = any_profile(random, 12);
    const auto value = static_cast<std::uint32_t>(1 + random() % 12);
    Profile after = before;
    (void)after.add(kF, value, from_unix(86400 * 1000), kNoCap, 1000);
    // For whatever chance of a novelty, and for the prior's, which falls with the history.
    const double nu = 0.001 + 0.9 * unit(random);
    REQUIRE(x_of(after, value, nu) <= x_of(before, value, nu) + 1e-9);
    const auto prior = [&](const Profile& p) {
        const Standing s = p.standing(kF, value, false);
        return NoveltyCurve{}.nu(s.n, s.t);
    };
    REQUIRE(x_of(after, value, prior(after)) <= x_of(before, value, prior(before)) + 1e-9);
}

TEST_CASE("an unseen value is never less surprising than a seen one") {
    const auto seed = GENERATE(take(100, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    const Profile p = any_profile(random, 12);
    if (p.values().empty()) {
        SUCCEED("no history");
        return;
    }
    const double nu = unit(random);
    for (const auto& v : p.values()) REQUIRE(x_of(p, 999, nu) >= x_of(p, v.value, nu));
}

TEST_CASE("p of a calibration lies in (0, 1] and never rises with the score") {
    const auto seed = GENERATE(take(50, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    ScoreRing ring(2000);
    const auto n = random() % 1500;
    for (std::uint64_t i = 0; i < n; ++i)
        ring.add(static_cast<float>(random() % 4 == 0 ? 0 : 10 * -std::log(unit(random) + 1e-9)));
    const Calibration c(ring);
    double last = 1;
    for (double x = -5; x < 400; x += 0.37) {
        const double p = c.p(x);
        REQUIRE(p > 0);
        REQUIRE(p <= last);
        last = p;
    }
}

TEST_CASE(
    "the raw score never falls when one surprise grows, nor rises with what speaks for a mail") {
    const auto seed = GENERATE(take(100, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    ExpertModel model;
    for (auto& expert : model.weights)
        for (std::size_t f = 0; f < kFeatureCount; ++f)
            expert[f] = feature_spec(f).kind == Kind::Relief ? 0 : static_cast<float>(unit(random));
    for (auto& b : model.bias) b = static_cast<float>(10 * unit(random) - 5);
    Surprises x{};
    for (auto& v : x) v = random() % 3 == 0 ? static_cast<float>(12 * unit(random)) : 0;
    for (int s = 0; s < kStratumCount; ++s) {
        const auto stratum = static_cast<Stratum>(s);
        const double before = raw_score(stratum, model, x);
        Surprises more = x;
        const std::size_t f = random() % kFeatureCount;
        more[f] += static_cast<float>(3 * unit(random));
        const double grown = raw_score(stratum, model, more) - before;
        REQUIRE(std::isfinite(before));
        REQUIRE((feature_spec(f).kind == Kind::Relief ? -grown : grown) >= -1e-6);
    }
}

TEST_CASE("score and verdict never fall when evidence grows; a budget raised never holds less") {
    const auto seed = GENERATE(take(100, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    ScoringOptions o;
    o.holds_per_1000 = 5 * unit(random);
    o.tags_per_1000 = o.holds_per_1000 + 50 * unit(random);
    const bool ready = random() % 2 == 0;
    const double c = 8 * unit(random), more = c + unit(random);
    REQUIRE(score_of(more) >= score_of(c));
    REQUIRE(verdict_of(more, ready, o) >= verdict_of(c, ready, o));
    ScoringOptions wider = o;
    wider.holds_per_1000 *= 2;
    wider.tags_per_1000 *= 2;
    REQUIRE(verdict_of(c, ready, wider) >= verdict_of(c, ready, o));
    REQUIRE(verdict_of(c, false, o) <= Verdict::Tag);
}
