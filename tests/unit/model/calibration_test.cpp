// SPDX-License-Identifier: Apache-2.0
// Ranks and tails of engine/model/calibration.hpp on small rings worked out by hand.
#include "engine/model/calibration.hpp"

#include <cmath>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

/// 0, 1, 2, … n - 1.
ScoreRing counting(int n) {
    ScoreRing ring(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) ring.add(static_cast<float>(i));
    return ring;
}

}  // namespace

TEST_CASE("a full ring overwrites its oldest value") {
    ScoreRing ring(3);
    for (const float v : {1.F, 2.F, 3.F, 4.F}) ring.add(v);
    CHECK(ring.values() == std::vector<float>{4, 2, 3});
    CHECK(ring.next() == 1);
    ring.add(5);
    CHECK(ring.values() == std::vector<float>{4, 5, 3});
}

TEST_CASE("the rank counts the value itself, so that it is never 0") {
    const ScoreRing ring = counting(9);
    CHECK(ring.rank_p(100) == Approx(0.1));
    CHECK(ring.rank_p(8) == Approx(0.2));
    CHECK(ring.rank_p(-1) == 1.0);
    CHECK(ScoreRing(5).rank_p(3) == 1.0);
}

TEST_CASE("a restored ring goes on where it was") {
    ScoreRing ring(3);
    ring.restore({7, 8, 9}, 2);
    ring.add(1);
    CHECK(ring.values() == std::vector<float>{7, 8, 1});
    CHECK(ring.next() == 0);
}

TEST_CASE("without values everything is ordinary") {
    CHECK(Calibration().p(1000) == 1.0);
    CHECK(Calibration(ScoreRing(10)).p(1000) == 1.0);
}

TEST_CASE("below 20 values there is no tail: nothing is rarer than one in N + 1") {
    const Calibration c(counting(19));
    CHECK(c.p(18) == Approx(2.0 / 20));
    CHECK(c.p(1e6) == Approx(1.0 / 20));
}

TEST_CASE("from 20 values on the tail is exponential with the mean excess as its scale") {
    // The tail starts at 85 % of 20 = the 17th value; excesses 0, 1, 2: mean 1, of excesses none of
    // which is as far out as one in exp(2.5) may be.
    const Calibration c(counting(20));
    const double scale = 1 / (1 - std::exp(-2.5));
    CHECK(c.p(17) == Approx(4.0 / 21));
    CHECK(c.p(19) == Approx(0.15 * std::exp(-2 / scale)));
    CHECK(c.p(19.25) == Approx(0.15 * std::exp(-2.25 / scale)));
}

TEST_CASE("how far out one freak among the largest values lies stretches the tail no more") {
    const auto with_freak = [](float freak) {
        ScoreRing ring = counting(200);
        std::vector<float> values = ring.values();
        values.back() = freak;
        ring.restore(std::move(values), 0);
        return Calibration(ring).p(199);
    };
    CHECK(with_freak(1e6F) == Approx(with_freak(300)));
    CHECK(with_freak(1e6F) < 1.2 * with_freak(199));
}

TEST_CASE("half a decade beyond the data the exponential tail becomes a power law") {
    const Calibration c(counting(20));  // share 3/20, begins at 17
    const double far = std::log(0.15 * 3 * 21) / (1 - std::exp(-2.5));
    CHECK(c.p(17 + far) == Approx(1.0 / 63));
    CHECK(c.p(17 + 2 * far) == Approx(1.0 / 63 / 4));
    CHECK(c.p(17 + 10 * far) == Approx(1.0 / 63 / 100));
}

TEST_CASE("values that are all alike make a higher one rare, not impossible") {
    ScoreRing ring(200);
    for (int i = 0; i < 200; ++i) ring.add(1);
    const Calibration c(ring);
    CHECK(c.p(1) == 1.0);
    CHECK(c.p(1.05) == Approx(0.1 * std::exp(-1.0)).epsilon(1e-3));  // smallest scale 0.05
}

TEST_CASE("p is above 0 for any score, as the contract says") {
    CHECK(Calibration(counting(20)).p(1e9) > 0);
    CHECK(Calibration(counting(20)).p(1e300) > 0);
}

TEST_CASE("p never rises with the score, across the start of the tail too") {
    const int n = GENERATE(5, 20, 150, 200, 999, 1000);
    const Calibration c(counting(n));
    double last = 1;
    for (int step = -8; step < 4 * (n + 20); ++step) {
        const double x = step / 4.0;
        const double p = c.p(x);
        REQUIRE(p <= last);
        REQUIRE(p > 0);
        last = p;
    }
}
