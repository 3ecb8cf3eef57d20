// SPDX-License-Identifier: Apache-2.0
// The formulas of engine/model/surprise.hpp on numbers worked out by hand.
#include "engine/model/surprise.hpp"

#include <cmath>

#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("without trials the chance of a novelty is the prior (1 + t/2) / (1 + n)") {
    const NoveltyCurve curve;
    CHECK(curve.nu(1, 1) == Approx(1.5 / 2));
    CHECK(curve.nu(9, 2) == Approx(2.0 / 10));
    CHECK(curve.nu(99, 1) == Approx(1.5 / 100));
}

TEST_CASE("the prior never exceeds certainty") {
    CHECK(NoveltyCurve{}.nu(1, 40) == 1.0);  // (1 + 20) / 2 is no probability
    CHECK(NoveltyCurve{}.nu(0, 0) == 1.0);
}

TEST_CASE("trials pull the chance of a novelty to what was seen, the prior weighing four trials") {
    NoveltyCurve curve;
    for (int i = 0; i < 16; ++i) curve.count(9, 2, i < 12);  // 12 of 16 showed something new
    CHECK(curve.nu(9, 2) == Approx((12 + 4 * 0.2) / (16 + 4)));
}

TEST_CASE("trials count for senders of the same size only") {
    NoveltyCurve curve;
    for (int i = 0; i < 100; ++i) curve.count(8, 2, true);
    CHECK(curve.nu(15, 3) > 0.9);                      // floor(log2) of both alike
    CHECK(curve.nu(16, 2) == Approx((1 + 1.0) / 17));  // one bucket further: the prior
    CHECK(curve.nu(8, 4) == Approx((1 + 2.0) / 9));
}

TEST_CASE("senders beyond the last bucket share it") {
    NoveltyCurve curve;
    for (int i = 0; i < 100; ++i) curve.count(1e9, 1e6, true);
    CHECK(curve.nu(4096, 64) > 0.9);
}

TEST_CASE("a full cell is halved, so that old habits fade and the ratio stays") {
    NoveltyCurve curve;
    for (int i = 0; i < 4001; ++i) curve.count(4, 1, i % 2 == 0);
    float trials = 0;
    for (const auto& cell : curve.cells()) trials += cell.trials;
    CHECK(trials == Approx(2000.5));
    CHECK(curve.nu(4, 1) == Approx(0.5).margin(0.001));
}

TEST_CASE("the chance of a novelty stays above the floor however often nothing was new") {
    NoveltyCurve curve;
    for (int i = 0; i < 4000; ++i) curve.count(4000, 1, false);
    CHECK(curve.nu(4000, 1) > 0);
    CHECK(curve.nu(1e12, 1) >= kSurpriseFloor);
}

TEST_CASE("p of a seen value is the novelty plus the mid-p of its rank among the counts") {
    // counts 6, 3, 1: the value with 3 has 1 below it and 3 equal
    const Standing s{10, 3, 1, 3, true};
    CHECK(level_p(s, 0.2, 1, false) == Approx(0.2 + 0.8 * (1 + 1.5) / 10));
}

TEST_CASE("p of an unseen value is the novelty times what the parent says") {
    const Standing s{10, 3, 0, 0, false};
    CHECK(level_p(s, 0.2, 0.25, false) == Approx(0.05));
}

TEST_CASE("at the top an unseen value gets half the novelty") {
    const Standing s{10, 3, 0, 0, false};
    CHECK(level_p(s, 0.2, 0.25, true) == Approx(0.1));
}

TEST_CASE("a level that saw nothing has the parent's opinion, and none at the top") {
    CHECK(level_p(Standing{}, 0.2, 0.25, false) == 0.25);
    CHECK(level_p(Standing{}, 0.2, 0.25, true) == 1.0);
}

TEST_CASE("p stays within the floor and one whatever the counts say") {
    CHECK(level_p(Standing{1e9, 1, 0, 0, false}, 1e-6, 1e-6, false) == kSurpriseFloor);
    CHECK(level_p(Standing{1, 1, 5, 5, true}, 0.5, 1, false) ==
          1.0);  // rounding: below + equal > n
}

TEST_CASE("the hinge drops the first nat") {
    CHECK(hinge(1) == 0);
    CHECK(hinge(std::exp(-1.0)) == Approx(0).margin(1e-12));
    CHECK(hinge(0.4) == 0);
    CHECK(hinge(std::exp(-3.5)) == Approx(2.5));
    CHECK(hinge(kSurpriseFloor) == Approx(12.8155).epsilon(1e-4));  // 6 ln 10 - 1
}
