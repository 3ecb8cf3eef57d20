// SPDX-License-Identifier: Apache-2.0
// From a raw score to the share of genuine mail that scores at least as high: conformal rank among
// the last values, with an exponential tail above a high quantile so that more than 1/N can be said
// (Vovk et al. 2005; Hill 1975 on log scale), and a power law a decade beyond the data, where a few
// values say little. Pure. Covered by
// tests/unit/model/calibration_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith {

/// The last `capacity` values, oldest overwritten first. One thread; const-safe.
class ScoreRing {
public:
    ScoreRing() = default;  ///< capacity 1
    /// REQUIRES capacity > 0.
    explicit ScoreRing(std::size_t capacity) : capacity_(capacity) {}

    void add(float value);
    /// Takes the newest one that equals `value` out again; what add() dropped for it stays lost.
    void retract(float value);
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] const std::vector<float>& values() const noexcept { return values_; }
    [[nodiscard]] std::size_t next() const noexcept { return next_; }

    /// (1 + number of values >= x) / (N + 1): exact, never 0.
    [[nodiscard]] double rank_p(float x) const noexcept;
    /// Puts back what was stored. REQUIRES values.size() <= capacity and next < capacity.
    void restore(std::vector<float> values, std::size_t next);

private:
    std::size_t capacity_ = 1;
    std::size_t next_ = 0;
    std::vector<float> values_;
};

/// Frozen view of a ring for many look-ups: sorted values and the fitted tail.
class Calibration {
public:
    Calibration() = default;
    explicit Calibration(const ScoreRing& ring);

    /// p in (0, 1]: rank below the tail's start; above, with z = (x - threshold) / scale,
    /// u * exp(-z) down to 1 / (3 (N + 1)), and from there, at z', u * exp(-z') * (z' / z)^2. 1
    /// when there are no values.
    [[nodiscard]] double p(double x) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return sorted_.size(); }

private:
    [[nodiscard]] double tail_p(double x) const noexcept;

    std::vector<float> sorted_;
    double threshold_ = 0, scale_ = 1, tail_share_ = 0;
};

}  // namespace kith
