// SPDX-License-Identifier: Apache-2.0
// Weights for "genuine or swapped" (engine/model/logistic.hpp).
#include "engine/model/logistic.hpp"

#include <cmath>
#include <random>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

/// Dimension 0 tells the classes apart, 1 is noise, 2 is never there, 3 is higher in genuine mail.
struct Sample {
    std::vector<SparseRow> rows;
    std::vector<bool> swapped;
    explicit Sample(int n) {
        std::mt19937 random(5);
        std::exponential_distribution<float> few(4), some(1);
        for (int i = 0; i < n; ++i) {
            const bool s = i % 2 == 0;
            swapped.push_back(s);
            rows.push_back({{0, s ? some(random) + 2 : few(random)},
                            {1, few(random)},
                            {3, s ? few(random) : some(random)}});
        }
    }
    [[nodiscard]] std::vector<Example> examples() const {
        std::vector<Example> out;
        for (std::size_t i = 0; i < rows.size(); ++i) out.push_back({&rows[i], 1, swapped[i]});
        return out;
    }
};

double score(const LogisticModel& m, const SparseRow& row) {
    double z = static_cast<double>(m.bias);
    for (const auto& [f, v] : row) z += static_cast<double>(m.weights[f] * v);
    return z;
}

const std::vector<float> kAll(4, 0.3F);

}  // namespace

TEST_CASE("what tells the classes apart gets weight, what speaks for genuine mail gets the floor") {
    const Sample sample(400);
    const LogisticModel m = fit_logistic(sample.examples(), kAll, {});
    CHECK(m.weights[0] > 0.4F);
    CHECK(m.weights[0] > m.weights[1]);
    CHECK(m.weights[3] == Approx(LogisticOptions{}.floor));
    int right = 0;
    for (std::size_t i = 0; i < sample.rows.size(); ++i)
        right += (score(m, sample.rows[i]) > 0) == sample.swapped[i] ? 1 : 0;
    CHECK(right > 380);
}

TEST_CASE("what the examples never show keeps the prior") {
    const LogisticModel m = fit_logistic(Sample(400).examples(), kAll, {});
    CHECK(m.weights[2] == Approx(0.3).margin(1e-3));
}

TEST_CASE("with one class, or none, the prior comes back") {
    const Sample sample(10);
    std::vector<Example> genuine;
    for (const auto& e : sample.examples())
        if (!e.swapped) genuine.push_back(e);
    for (const auto& examples : {genuine, std::vector<Example>{}}) {
        const LogisticModel m = fit_logistic(examples, kAll, {});
        for (const float w : m.weights) CHECK(w == Approx(0.3));
        CHECK(m.bias == 0);
    }
}

TEST_CASE("an inactive dimension has no weight and no say") {
    const Sample sample(400);
    const LogisticModel m =
        fit_logistic(sample.examples(), std::vector<float>{0, .3F, .3F, .3F}, {});
    CHECK(m.weights[0] == 0);
}

TEST_CASE("the classes are balanced: ten times as much genuine mail moves the bias little") {
    const Sample sample(400);
    auto examples = sample.examples();
    const LogisticModel even = fit_logistic(examples, kAll, {});
    for (auto& e : examples)
        if (!e.swapped) e.weight = 10;
    const LogisticModel odd = fit_logistic(examples, kAll, {});
    CHECK(odd.bias == Approx(even.bias).margin(1e-3));
    CHECK(odd.weights[0] == Approx(even.weights[0]).margin(1e-3));
}

TEST_CASE("a fit is finite whatever the values") {
    const SparseRow huge{{0, 1e6F}, {1, 1e6F}}, none{};
    const LogisticModel m =
        fit_logistic({{&huge, 1, true}, {&none, 1, false}, {&huge, 1, false}}, kAll, {});
    CHECK(std::isfinite(m.bias));
    for (const float w : m.weights) CHECK(std::isfinite(w));
}

TEST_CASE("a sparse row is the vector without its zeros") {
    const std::vector<float> x{0, 1.5F, 0, -2};
    CHECK(sparse(x) == SparseRow{{1, 1.5F}, {3, -2.0F}});
    CHECK(sparse({}).empty());
}
