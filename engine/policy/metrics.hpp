// SPDX-License-Identifier: Apache-2.0
// What conditions look at: named facts of one judged mail, all of its record, so that a model says
// the same of live mail and of the recorded past. metrics.def is the list. Pure. Covered by
// tests/unit/policy/metrics_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/journal/mail_record.hpp"
#include "engine/scoring/options.hpp"

namespace kith {

/// One mail before the models. References must outlive it.
struct PolicyCase {
    const MailRecord& record;
    const ScoringOptions& budget;
};

enum class MetricType : std::uint8_t { Number, Text, Texts, Flag };
[[nodiscard]] std::string_view to_string(MetricType t) noexcept;

/// One line of metrics.def. Exactly the reader of its type is set. `argument` is what stands behind
/// the family's name ("phishing-link"), "" for others.
struct Metric {
    std::string_view name;
    MetricType type = MetricType::Flag;
    std::string_view meaning;
    bool family = false;
    double (*number)(const PolicyCase&, std::string_view argument) = nullptr;
    std::string_view (*text)(const PolicyCase&, std::string_view argument) = nullptr;
    void (*texts)(const PolicyCase&, std::string_view argument,
                  std::vector<std::string_view>& out) = nullptr;
    bool (*flag)(const PolicyCase&, std::string_view argument) = nullptr;
};
/// In the order of metrics.def.
[[nodiscard]] std::span<const Metric> all_metrics() noexcept;

struct FoundMetric {
    const Metric* metric = nullptr;  ///< null: unknown
    std::string argument;
    std::string nearest;  ///< of an unknown one: the known name most like it, "" when none is
};
/// "from.domain", "tag.phishing-link". An unknown argument of a family is unknown too.
[[nodiscard]] FoundMetric find_metric(std::string_view name);

/// "Out of Character" as arguments write it: "out-of-character".
[[nodiscard]] std::string slug_of(std::string_view name);

}  // namespace kith
