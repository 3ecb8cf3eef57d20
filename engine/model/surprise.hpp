// SPDX-License-Identifier: Apache-2.0
// Surprise of one value among counts, when the chance of something new is itself learned. Pure.
// With counts c_u of n observations, t of them distinct, and nu the learned probability of a
// novelty:
//   seen:    p(v) = nu + (1 - nu) (sum of c_u below c_v + half of those equal) / n        (mid-p)
//   unseen:  p(v) = nu * p_parent(v);  at the top nu / 2;   n = 0: p = p_parent
// Prior of nu: the two-parameter Poisson-Dirichlet process (Pitman and Yor 1997), pulled to what
// the site's own senders did at the same n and t. Source: ARCHITECTURE.md "Surprise". Covered by
// tests/unit/model/surprise_test.cpp and, against the dull version,
// tests/property/surprise_law_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kith {

inline constexpr double kSurpriseFloor = 1e-6;  ///< smallest p anything gets

/// Where a value stands among the counts of one feature at one level.
struct Standing {
    double n = 0;      ///< total weight
    double t = 0;      ///< distinct values
    double below = 0;  ///< weight of values with a smaller count than v
    double equal = 0;  ///< weight of values with the same count, v's own included
    bool seen = false;
};

/// How often senders with n observations and t distinct values showed something new, for one
/// feature and level. Buckets are floor(log2) of both. One thread.
class NoveltyCurve {
public:
    static constexpr std::size_t kN = 12, kT = 6;
    struct Cell {
        float trials = 0, novel = 0;
    };

    /// Probability that the next value is new, in [kSurpriseFloor, 1]. kappa = weight of the prior
    /// in trials.
    [[nodiscard]] double nu(double n, double t) const noexcept;
    /// Counts one observation made at (n, t). Cells are halved when full, so that old habits fade.
    void count(double n, double t, bool novel, double weight = 1.0) noexcept;

    /// Undoes one count() with weight 1 that went into `cell`; one halved since loses too much.
    void retract(std::size_t cell, bool trial, bool novel) noexcept;
    /// Cell that an observation made at (n, t) goes into.
    [[nodiscard]] static std::size_t bucket(double n, double t) noexcept;

    [[nodiscard]] const std::array<Cell, kN * kT>& cells() const noexcept { return cells_; }
    [[nodiscard]] std::array<Cell, kN * kT>& cells() noexcept { return cells_; }

    static constexpr double kKappa = 4, kTheta = 1,
                            kDiscount = 0.5;  ///< facts: DESIGN 5.1; insensitive by a factor of two
    static constexpr float kMaxTrials = 4000;  ///< halve above: a year of a busy site's bucket

private:
    std::array<Cell, kN * kT> cells_{};
};

/// p of one level given the parent's p (1 when there is no parent and nothing is known). In
/// [kSurpriseFloor, 1]. `top` = there is no parent level.
[[nodiscard]] double level_p(const Standing& at, double nu, double parent_p, bool top) noexcept;

/// What the experts get: max(0, -ln p - 1). The many p around .1-.4 are noise and become 0.
[[nodiscard]] double hinge(double p) noexcept;

}  // namespace kith
