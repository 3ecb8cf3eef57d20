// SPDX-License-Identifier: Apache-2.0
// What conditions look at: named facts of one judged mail, all of its record, so that a model says
// the same of live mail and of the recorded past; or of one event on an own account, as it was
// judged then. metrics.def and account_metrics.def are the lists. Pure. Covered by
// tests/unit/policy/metrics_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/accounts/kept_judgement.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/scoring/options.hpp"

namespace kith {

/// What a condition is about; each has metrics of its own.
enum class PolicySubject : std::uint8_t { Mail, Accounts };

/// One mail before the models, or one event on an account. What it is made of must outlive it.
class PolicyCase {
public:
    PolicyCase(const MailRecord& record, const ScoringOptions& budget) noexcept
        : record_(&record), budget_(&budget) {}
    explicit PolicyCase(const JudgedEvent& event) noexcept : event_(&event) {}

    [[nodiscard]] PolicySubject subject() const noexcept {
        return event_ == nullptr ? PolicySubject::Mail : PolicySubject::Accounts;
    }
    // REQUIRES: of this subject.
    [[nodiscard]] const MailRecord& record() const noexcept { return *record_; }
    [[nodiscard]] const ScoringOptions& budget() const noexcept { return *budget_; }
    [[nodiscard]] const JudgedEvent& event() const noexcept { return *event_; }

private:
    const MailRecord* record_ = nullptr;
    const ScoringOptions* budget_ = nullptr;
    const JudgedEvent* event_ = nullptr;
};

enum class MetricType : std::uint8_t { Number, Text, Texts, Flag };
[[nodiscard]] std::string_view to_string(MetricType t) noexcept;

/// One line of metrics.def or account_metrics.def. Exactly the reader of its type is set.
/// `argument` is what stands behind the family's name ("phishing-link"), "" for others.
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
    /// All that the text can be; null where anything can come. A condition with another value
    /// would never hold.
    std::vector<std::string> (*values)() = nullptr;
};
/// In the order of the subject's list.
[[nodiscard]] std::span<const Metric> all_metrics(
    PolicySubject subject = PolicySubject::Mail) noexcept;

struct FoundMetric {
    const Metric* metric = nullptr;  ///< null: unknown
    std::string argument;
    std::string nearest;  ///< of an unknown one: the known name most like it, "" when none is
};
/// "from.domain", "tag.phishing-link". An unknown argument of a family is unknown too.
[[nodiscard]] FoundMetric find_metric(std::string_view name,
                                      PolicySubject subject = PolicySubject::Mail);

/// "Out of Character" as arguments write it: "out-of-character".
[[nodiscard]] std::string slug_of(std::string_view name);

}  // namespace kith
