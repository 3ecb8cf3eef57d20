// SPDX-License-Identifier: Apache-2.0
// Running covariance and the Mahalanobis distance of engine/model/anomaly.hpp.
#include "engine/model/anomaly.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

using Vector = std::vector<float>;

/// `pairs` times (0,0), (0,2), (2,0), (2,2): mean 1, variance 1, covariance 0.
CovarianceSum square(int pairs) {
    CovarianceSum sum(2);
    for (int i = 0; i < pairs; ++i)
        for (const auto& x : {Vector{0, 0}, Vector{0, 2}, Vector{2, 0}, Vector{2, 2}}) sum.add(x);
    return sum;
}

}  // namespace

TEST_CASE("sums and products are those of the vectors added") {
    CovarianceSum sum(3);
    sum.add(Vector{1, 0, 2});
    sum.add(Vector{3, 0, 1});
    CHECK(sum.count() == 2);
    CHECK(sum.sums() == Vector{4, 0, 3});
    CHECK(sum.products() == Vector{10, 0, 5, 0, 0, 0, 5, 0, 5});
}

TEST_CASE("a full sum is halved and keeps its mean") {
    CovarianceSum sum(1);
    for (int i = 0; i < 50'001; ++i) sum.add(Vector{3});
    CHECK(sum.count() == Approx(25'000.5));
    CHECK(static_cast<double>(sum.sums()[0]) / sum.count() == Approx(3));
}

TEST_CASE("a sum is restored only from vectors of its size and a sane count") {
    CovarianceSum sum(2);
    sum.add(Vector{1, 1});
    CHECK_FALSE(sum.restore(5, {1}, {1, 2, 2, 1}));
    CHECK_FALSE(sum.restore(5, {1, 2}, {1, 2, 2}));
    CHECK_FALSE(sum.restore(-1, {1, 2}, {1, 2, 2, 1}));
    CHECK_FALSE(sum.restore(std::numeric_limits<double>::quiet_NaN(), {1, 2}, {1, 2, 2, 1}));
    CHECK(sum.count() == 1);
    CHECK(sum.restore(5, {1, 2}, {1, 2, 2, 1}));
    CHECK(sum.count() == 5);
}

TEST_CASE("with fewer than 200 vectors nothing is an anomaly") {
    CHECK(Mahalanobis().distance2(Vector{9, 9}) == 0);
    CHECK(Mahalanobis(square(49)).distance2(Vector{9, 9}) == 0);
    CHECK(Mahalanobis(square(50)).distance2(Vector{9, 9}) > 0);
}

TEST_CASE(
    "the distance is in standard deviations of each direction, slightly shrunk by the floor") {
    const Mahalanobis m(square(100));
    // variance 1 plus the floor of 5 % of the mean variance: (4 - 1)^2 / 1.05
    CHECK(m.distance2(Vector{4, 1}) == Approx(9 / 1.05).epsilon(1e-4));
    CHECK(m.distance2(Vector{1, 1}) == Approx(0).margin(1e-6));
}

TEST_CASE("against a habit is further away than along it") {
    CovarianceSum sum(2);
    for (int i = 0; i < 200; ++i) {
        const auto v = static_cast<float>(i % 5);
        sum.add(Vector{v, v});
    }
    const Mahalanobis m(sum);
    CHECK(m.distance2(Vector{4, 0}) > 3 * m.distance2(Vector{4, 4}));
}

TEST_CASE("a feature that never varied does not weigh infinitely") {
    CovarianceSum sum(2);
    for (int i = 0; i < 400; ++i) sum.add(Vector{static_cast<float>(i % 3), 0});
    CHECK(Mahalanobis(sum).distance2(Vector{1, 1}) < 1000);
}

TEST_CASE("a sum of nonsense still gives a finite distance that is not negative") {
    CovarianceSum sum(2);
    REQUIRE(sum.restore(1000, {1e30F, -1e30F}, {1e30F, -1e30F, 1e30F, -1e30F}));
    const double d = Mahalanobis(sum).distance2(Vector{1, 1});
    CHECK(d >= 0);
    CHECK(d < std::numeric_limits<double>::infinity());
}
