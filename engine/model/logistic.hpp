// SPDX-License-Identifier: Apache-2.0
// Logistic regression for "genuine or swapped": weights never negative, pulled to a prior instead
// of to zero, classes balanced.
//   minimise  mean over the classes of the mean log loss + lambda/2 |w - w0|^2,  w >= 0, bias free
// by accelerated projected gradient (Beck and Teboulle 2009) over sparse rows. Pure, deterministic.
// Covered by tests/unit/model/logistic_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kith {

/// A vector without its zeros: (index, value), sorted by index.
using SparseRow = std::vector<std::pair<std::uint16_t, float>>;
[[nodiscard]] SparseRow sparse(std::span<const float> x);

struct Example {
    const SparseRow* row = nullptr;  ///< never null when fitted
    float weight = 1;                ///< > 0
    bool swapped = false;            ///< the class that a higher score stands for
};

struct LogisticOptions {
    double lambda = 0.1;  ///< strength of the pull to it
    double floor =
        0.1;  ///< no weight below: what swaps of own mail do not show may come all the same
    int iterations = 300;
    double tolerance = 1e-4;  ///< ends when no weight moves further in one step
};

struct LogisticModel {
    std::vector<float> weights;  ///< one a dimension; 0 where the prior is
    float bias = 0;
};

/// Fits the dimensions with prior[i] > 0, the w0 above: what the examples never show counts that
/// much. Both classes must have weight; else the prior comes back. O(iterations * non-zero values).
/// REQUIRES every index of a row < prior.size().
[[nodiscard]] LogisticModel fit_logistic(const std::vector<Example>& examples,
                                         std::span<const float> prior,
                                         const LogisticOptions& options);

}  // namespace kith
