// SPDX-License-Identifier: Apache-2.0
#include "engine/model/logistic.hpp"

#include <algorithm>
#include <cmath>

namespace kith {
namespace {

struct Point {
    std::vector<double> w;
    double bias = 0;
};

/// The examples with their share of the balanced loss, those without a prior left out.
struct Problem {
    struct Row {
        std::vector<std::pair<std::uint16_t, double>> items;
        double share;
        double target;  ///< 1 = swapped
    };
    std::vector<Row> rows;
    double curvature = 0;  ///< bound of the loss's second derivative: the step is its inverse
};

Problem prepare(const std::vector<Example>& examples, std::span<const float> prior, double genuine,
                double swapped) {
    Problem p;
    p.rows.reserve(examples.size());
    for (const Example& e : examples) {
        Problem::Row row{{},
                         static_cast<double>(e.weight) / 2 / (e.swapped ? swapped : genuine),
                         e.swapped ? 1.0 : 0.0};
        double norm = 1;  // the bias
        for (const auto& [f, v] : *e.row) {
            if (prior[f] <= 0) continue;
            row.items.emplace_back(f, static_cast<double>(v));
            norm += static_cast<double>(v) * static_cast<double>(v);
        }
        p.curvature += row.share * norm / 4;
        p.rows.push_back(std::move(row));
    }
    return p;
}

void gradient(const Problem& p, const Point& at, Point& out) {
    std::fill(out.w.begin(), out.w.end(), 0.0);
    out.bias = 0;
    for (const auto& row : p.rows) {
        double z = at.bias;
        for (const auto& [f, v] : row.items) z += at.w[f] * v;
        const double g = row.share * (1 / (1 + std::exp(-z)) - row.target);
        for (const auto& [f, v] : row.items) out.w[f] += g * v;
        out.bias += g;
    }
}

}  // namespace

SparseRow sparse(std::span<const float> x) {
    SparseRow row;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (x[i] != 0) row.emplace_back(static_cast<std::uint16_t>(i), x[i]);
    return row;
}

LogisticModel fit_logistic(const std::vector<Example>& examples, std::span<const float> prior,
                           const LogisticOptions& options) {
    const std::size_t n = prior.size();
    Point now{std::vector<double>(n, 0.0), 0};
    for (std::size_t f = 0; f < n; ++f) now.w[f] = static_cast<double>(prior[f]);
    double genuine = 0, swapped = 0;
    for (const auto& e : examples) (e.swapped ? swapped : genuine) += static_cast<double>(e.weight);

    if (genuine > 0 && swapped > 0) {
        const Problem problem = prepare(examples, prior, genuine, swapped);
        const double step = 1 / (problem.curvature + options.lambda);
        Point ahead = now, before = now, slope = now;
        double t = 1;
        for (int i = 0; i < options.iterations; ++i) {
            gradient(problem, ahead, slope);
            before = now;
            now.bias = ahead.bias - step * slope.bias;
            double moved = std::abs(now.bias - before.bias);
            for (std::size_t f = 0; f < n; ++f) {
                if (prior[f] <= 0) continue;
                const double g =
                    slope.w[f] + options.lambda * (ahead.w[f] - static_cast<double>(prior[f]));
                now.w[f] = std::max(options.floor, ahead.w[f] - step * g);
                moved = std::max(moved, std::abs(now.w[f] - before.w[f]));
            }
            const double t_next = (1 + std::sqrt(1 + 4 * t * t)) / 2;
            const double momentum = (t - 1) / t_next;
            t = t_next;
            for (std::size_t f = 0; f < n; ++f)
                ahead.w[f] = now.w[f] + momentum * (now.w[f] - before.w[f]);
            ahead.bias = now.bias + momentum * (now.bias - before.bias);
            if (moved < options.tolerance) break;
        }
    }
    LogisticModel model;
    model.weights.assign(now.w.begin(), now.w.end());
    model.bias = static_cast<float>(now.bias);
    return model;
}

}  // namespace kith
