// SPDX-License-Identifier: Apache-2.0
// Logistic regression for "genuine or swapped": weights never negative, pulled to a prior instead of to zero, classes balanced.
//   minimise  mean_c(log loss) + lambda/2 |w - w0|^2,  w >= 0, bias free
// by accelerated projected gradient (Beck, Teboulle 2009) over sparse rows. Pure and deterministic.
// Covered by tests/unit/model/logistic_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kith {

/// A vector of surprises without its zeros.
struct SparseRow {
    std::vector<std::pair<std::uint16_t, float>> items;  ///< (index, value > 0), sorted
};
[[nodiscard]] SparseRow sparse(std::span<const float> x);

struct Example {
    const SparseRow* row = nullptr;
    float weight = 1;
    bool swapped = false;
};

struct LogisticOptions {
    double prior = 0.3;     ///< w0 of every weight: what was never seen still counts. Measured best with lambda .02
    double lambda = 0.02;
    int iterations = 300;
    double tolerance = 1e-5;  ///< stops when no weight moves further in one step
};

struct LogisticModel {
    std::vector<float> weights;  ///< size `dimension`, >= 0; 0 where not active
    float bias = 0;
};

/// Fits over the dimensions with active[i]. Both classes must have weight; else the prior comes back.
[[nodiscard]] LogisticModel fit_logistic(const std::vector<Example>& examples, const std::vector<bool>& active,
                                         const LogisticOptions& options);

}  // namespace kith
