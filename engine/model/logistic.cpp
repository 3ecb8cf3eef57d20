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

/// Gradient of the balanced mean log loss; returns nothing else because the step size comes from a bound on the curvature.
void gradient(const std::vector<Example>& examples, const std::vector<double>& scale, const std::vector<bool>& active, const Point& at,
              Point& out) {
    std::fill(out.w.begin(), out.w.end(), 0.0);
    out.bias = 0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        double z = at.bias;
        for (const auto& [f, v] : examples[i].row->items)
            if (active[f]) z += at.w[f] * static_cast<double>(v);
        const double p = 1 / (1 + std::exp(-z));
        const double g = scale[i] * (p - (examples[i].swapped ? 1 : 0));
        for (const auto& [f, v] : examples[i].row->items)
            if (active[f]) out.w[f] += g * static_cast<double>(v);
        out.bias += g;
    }
}

}  // namespace

SparseRow sparse(std::span<const float> x) {
    SparseRow row;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (x[i] != 0) row.items.emplace_back(static_cast<std::uint16_t>(i), x[i]);
    return row;
}

LogisticModel fit_logistic(const std::vector<Example>& examples, const std::vector<bool>& active, const LogisticOptions& options) {
    const std::size_t n = active.size();
    LogisticModel model;
    model.weights.assign(n, 0);
    for (std::size_t f = 0; f < n; ++f)
        if (active[f]) model.weights[f] = static_cast<float>(options.prior);
    double genuine = 0, swapped = 0;
    for (const auto& e : examples) (e.swapped ? swapped : genuine) += static_cast<double>(e.weight);
    if (genuine <= 0 || swapped <= 0) return model;

    std::vector<double> scale;
    double curvature = 0;
    for (const auto& e : examples) {
        const double s = static_cast<double>(e.weight) / 2 / (e.swapped ? swapped : genuine);
        scale.push_back(s);
        double norm = 1;
        for (const auto& [f, v] : e.row->items)
            if (active[f]) norm += static_cast<double>(v) * static_cast<double>(v);
        curvature += s * norm / 4;
    }
    const double step = 1 / (curvature + options.lambda);

    Point now{std::vector<double>(n, 0), 0}, slope = now;
    for (std::size_t f = 0; f < n; ++f) now.w[f] = active[f] ? options.prior : 0;
    Point ahead = now, previous = now;
    double t = 1;
    for (int iteration = 0; iteration < options.iterations; ++iteration) {
        gradient(examples, scale, active, ahead, slope);
        previous = now;
        double moved = 0;
        for (std::size_t f = 0; f < n; ++f) {
            if (!active[f]) continue;
            const double g = slope.w[f] + options.lambda * (ahead.w[f] - options.prior);
            now.w[f] = std::max(0.0, ahead.w[f] - step * g);
            moved = std::max(moved, std::abs(now.w[f] - previous.w[f]));
        }
        now.bias = ahead.bias - step * slope.bias;
        moved = std::max(moved, std::abs(now.bias - previous.bias));
        const double t_next = (1 + std::sqrt(1 + 4 * t * t)) / 2;
        const double momentum = (t - 1) / t_next;
        t = t_next;
        for (std::size_t f = 0; f < n; ++f) ahead.w[f] = now.w[f] + momentum * (now.w[f] - previous.w[f]);
        ahead.bias = now.bias + momentum * (now.bias - previous.bias);
        if (moved < options.tolerance) break;
    }
    for (std::size_t f = 0; f < n; ++f) model.weights[f] = static_cast<float>(now.w[f]);
    model.bias = static_cast<float>(now.bias);
    return model;
}

}  // namespace kith
