// SPDX-License-Identifier: Apache-2.0
// Joint surprise: squared Mahalanobis distance of a surprise vector, covariance shrunk towards its
// diagonal so that it can be inverted when features outnumber mails (Ledoit and Wolf 2004, fixed
// intensity). Covered by tests/unit/model/anomaly_test.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace kith {

/// Running sums for mean and covariance of sparse vectors; decays by halving. One thread.
class CovarianceSum {
public:
    CovarianceSum() = default;
    explicit CovarianceSum(std::size_t dimension);
    /// Adds one vector. REQUIRES x.size() == dimension(). O(non-zeros squared).
    void add(std::span<const float> x);
    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    [[nodiscard]] double count() const noexcept { return count_; }
    [[nodiscard]] const std::vector<float>& sums() const noexcept { return sums_; }  ///< dimension
    [[nodiscard]] const std::vector<float>& products() const noexcept {
        return products_;
    }  ///< dimension^2, row-major, symmetric
    /// False (and nothing changed) when the sizes do not fit.
    bool restore(double count, std::vector<float> sums, std::vector<float> products);

    static constexpr double kMaxCount = 50000;  ///< halve above

private:
    std::size_t dimension_ = 0;
    double count_ = 0;
    std::vector<float> sums_, products_;
};

/// Frozen; const-safe.
class Mahalanobis {
public:
    Mahalanobis() = default;
    explicit Mahalanobis(const CovarianceSum& sum);
    /// >= 0; 0 as long as fewer than kMinCount vectors were seen.
    [[nodiscard]] double distance2(std::span<const float> x) const;
    static constexpr double kMinCount = 200;
    static constexpr double kShrink = 0.2;

private:
    std::size_t dimension_ = 0;
    std::vector<float> mean_, inverse_;
};

}  // namespace kith
