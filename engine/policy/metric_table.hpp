// SPDX-License-Identifier: Apache-2.0
// Rows of metrics.def and account_metrics.def as Metric values: for the two files that hold the
// functions.
#pragma once

#include "engine/policy/metrics.hpp"

namespace kith {

/// What each function takes: the case, and what stands behind the name of a family, "" else.
using View = const PolicyCase&;
using Argument = std::string_view;

constexpr Metric metric_of(std::string_view name, std::string_view meaning, bool family,
                           double (*read)(View, Argument)) {
    return {name, MetricType::Number, meaning, family, read, nullptr, nullptr, nullptr};
}
constexpr Metric metric_of(std::string_view name, std::string_view meaning, bool family,
                           std::string_view (*read)(View, Argument)) {
    return {name, MetricType::Text, meaning, family, nullptr, read, nullptr, nullptr};
}
constexpr Metric metric_of(std::string_view name, std::string_view meaning, bool family,
                           void (*read)(View, Argument, std::vector<std::string_view>&)) {
    return {name, MetricType::Texts, meaning, family, nullptr, nullptr, read, nullptr};
}
constexpr Metric metric_of(std::string_view name, std::string_view meaning, bool family,
                           bool (*read)(View, Argument)) {
    return {name, MetricType::Flag, meaning, family, nullptr, nullptr, nullptr, read};
}

/// The type column of a list is for its readers; that it is the function's own is checked here.
constexpr Metric checked(Metric metric, MetricType type) {
    return metric.type == type ? metric : throw "wrong type in the list of metrics";
}

constexpr Metric closed(Metric metric, std::vector<std::string> (*values)()) {
    metric.values = values;
    return metric;
}

/// Those of events on accounts, in the order of account_metrics.def.
[[nodiscard]] std::span<const Metric> account_metrics() noexcept;
/// What may stand behind the name of a family of account_metrics.def.
[[nodiscard]] std::vector<std::string> account_arguments_of(const Metric& family);

}  // namespace kith
