// SPDX-License-Identifier: Apache-2.0
#include "engine/model/anomaly.hpp"

#include <Eigen/Dense>

namespace kith {

CovarianceSum::CovarianceSum(std::size_t dimension)
    : dimension_(dimension), sums_(dimension, 0.0F), products_(dimension * dimension, 0.0F) {}

void CovarianceSum::add(std::span<const float> x) {
    count_ += 1;
    std::vector<std::size_t> nonzero;
    for (std::size_t i = 0; i < dimension_; ++i)
        if (x[i] != 0) nonzero.push_back(i);
    for (const auto i : nonzero) {
        sums_[i] += x[i];
        for (const auto j : nonzero) products_[i * dimension_ + j] += x[i] * x[j];
    }
    if (count_ > kMaxCount) {
        count_ /= 2;
        for (auto& s : sums_) s /= 2;
        for (auto& p : products_) p /= 2;
    }
}

bool CovarianceSum::restore(double count, std::vector<float> sums, std::vector<float> products) {
    if (sums.size() != dimension_ || products.size() != dimension_ * dimension_ || !(count >= 0))
        return false;
    count_ = count;
    sums_ = std::move(sums);
    products_ = std::move(products);
    return true;
}

Mahalanobis::Mahalanobis(const CovarianceSum& sum) {
    if (sum.count() < kMinCount) return;
    dimension_ = sum.dimension();
    const auto n = static_cast<Eigen::Index>(dimension_);
    Eigen::VectorXd mean(n);
    Eigen::MatrixXd cov(n, n);
    for (Eigen::Index i = 0; i < n; ++i)
        mean(i) = static_cast<double>(sum.sums()[static_cast<std::size_t>(i)]) / sum.count();
    for (Eigen::Index i = 0; i < n; ++i)
        for (Eigen::Index j = 0; j < n; ++j)
            cov(i, j) = static_cast<double>(sum.products()[static_cast<std::size_t>(i * n + j)]) /
                            sum.count() -
                        mean(i) * mean(j);
    const double floor =
        std::max(1e-3, cov.diagonal().mean() *
                           0.05);  // a feature that never varied must not weigh infinitely
    Eigen::MatrixXd shrunk = (1 - kShrink) * cov;
    for (Eigen::Index i = 0; i < n; ++i) shrunk(i, i) = std::max(cov(i, i), 0.0) + floor;
    const Eigen::MatrixXd inverse = shrunk.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
    mean_.resize(dimension_);
    inverse_.resize(dimension_ * dimension_);
    for (Eigen::Index i = 0; i < n; ++i) {
        mean_[static_cast<std::size_t>(i)] = static_cast<float>(mean(i));
        for (Eigen::Index j = 0; j < n; ++j)
            inverse_[static_cast<std::size_t>(i * n + j)] = static_cast<float>(inverse(i, j));
    }
}

double Mahalanobis::distance2(std::span<const float> x) const {
    if (dimension_ == 0) return 0;
    using Vector = Eigen::VectorXf;
    const auto n = static_cast<Eigen::Index>(dimension_);
    const Vector d =
        Eigen::Map<const Vector>(x.data(), n) - Eigen::Map<const Vector>(mean_.data(), n);
    const Eigen::Map<const Eigen::MatrixXf> inverse(inverse_.data(), n, n);
    const Vector product = inverse * d;
    return std::max(0.0, static_cast<double>(d.dot(product)));
}

}  // namespace kith
