// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/metrics.hpp"

#include <algorithm>
#include <array>

#include "engine/base/text.hpp"
#include "engine/features/asks.hpp"
#include "engine/policy/metric_table.hpp"
#include "engine/scoring/score.hpp"
#include "engine/scoring/tags.hpp"

namespace kith {
namespace {

const Assessment& assessed(View v) { return v.record().assessment; }
const Observations& observed(View v) { return v.record().observations; }
double size(std::size_t n) { return static_cast<double>(n); }

double score(View v, Argument) { return assessed(v).score; }
double rate(View v, Argument) { return 1000 * assessed(v).p; }
double alone(View v, Argument) { return score_of(assessed(v).own_evidence); }
bool ready(View v, Argument) { return assessed(v).ready; }
bool retried(View v, Argument) { return assessed(v).delayed; }
double budget_holds(View v, Argument) { return v.budget().holds_per_1000; }
double budget_tags(View v, Argument) { return v.budget().tags_per_1000; }
double budget_delays(View v, Argument) { return v.budget().delays_per_1000; }
std::string_view wants(View v, Argument) { return to_string(assessed(v).stratum); }
bool payload(View v, Argument) { return has_payload(assessed(v).stratum); }
std::string_view direction(View v, Argument) { return to_string(observed(v).direction); }
// One word each, in the order of MailKind.
constexpr std::array<std::string_view, kMailKindCount> kKinds{
    "person", "newsletter", "list",       "bulk",     "notification",
    "ticket", "report",     "auto-reply", "calendar", "bounce"};
std::string_view kind(View v, Argument) {
    return kKinds[static_cast<std::size_t>(observed(v).kind)];
}
std::vector<std::string> all_wants() {
    std::vector<std::string> out;
    for (int i = 0; i < kStratumCount; ++i) out.emplace_back(to_string(static_cast<Stratum>(i)));
    return out;
}
std::vector<std::string> all_directions() {
    std::vector<std::string> out;
    for (int i = 0; i < kDirectionCount; ++i)
        out.emplace_back(to_string(static_cast<Direction>(i)));
    return out;
}
std::vector<std::string> all_kinds() { return {kKinds.begin(), kKinds.end()}; }
bool automatic(View v, Argument) { return observed(v).automatic; }
double mails(View v, Argument) { return assessed(v).known.mails; }
double known_days(View v, Argument) { return assessed(v).known.days; }
double account_risk(View v, Argument) { return assessed(v).account_risk; }
double sent_to(View v, Argument) { return assessed(v).known.sent_to; }
bool new_link(View v, Argument) { return assessed(v).known.new_link; }
double links(View v, Argument) {
    const auto& all = observed(v).links;
    return size(static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& link) { return !link.own_domain; })));
}
double payment(View v, Argument) { return size(observed(v).payment.size()); }
double phones(View v, Argument) { return size(observed(v).phones.size()); }
bool attachment(View v, Argument) { return observed(v).has_attachment; }
double words(View v, Argument) { return observed(v).word_total; }
double recipients(View v, Argument) { return size(v.record().rcpts.size()); }
double hour(View v, Argument) {
    const auto of_day = to_unix(v.record().time) % 86400;
    return static_cast<double>((of_day < 0 ? of_day + 86400 : of_day) / 3600);
}
std::string_view from(View v, Argument) { return v.record().from; }
std::string_view from_domain(View v, Argument) { return domain_of(v.record().from); }
std::string_view from_name(View v, Argument) { return v.record().from_name; }
std::string_view mail_from(View v, Argument) { return v.record().mail_from; }
std::string_view mail_from_domain(View v, Argument) { return domain_of(v.record().mail_from); }
void rcpt(View v, Argument, std::vector<std::string_view>& out) {
    out.assign(v.record().rcpts.begin(), v.record().rcpts.end());
}
void rcpt_domain(View v, Argument, std::vector<std::string_view>& out) {
    for (const auto& address : v.record().rcpts) out.push_back(domain_of(address));
}
std::string_view login(View v, Argument) { return v.record().auth_user; }
std::string_view client_addr(View v, Argument) { return v.record().client_addr; }
std::string_view client_name(View v, Argument) { return v.record().client_name; }
std::string_view helo(View v, Argument) { return v.record().helo; }
std::string_view subject(View v, Argument) { return v.record().subject; }
bool free_mail(View v, Argument) { return observed(v).free_mail_like; }
bool degraded(View v, Argument) { return !assessed(v).degraded.empty(); }

bool tag(View v, Argument argument) {
    const auto& tags = assessed(v).tags;
    return std::find(tags.begin(), tags.end(), argument) != tags.end();
}
double indicator(View v, Argument argument) {
    for (const IndicatorScore& i : assessed(v).indicators)
        if (slug_of(i.name) == argument) return i.score;
    return 0;
}
bool asks(View v, Argument argument) {
    const Ask ask = ask_named(argument);
    return ask != Ask::kCount && observed(v).asks_for(ask);
}

constexpr Metric kMetrics[] = {
#define METRIC(function, name, type, meaning) \
    checked(metric_of(name, meaning, false, function), MetricType::type),
#define METRIC_FAMILY(function, name, type, meaning) \
    checked(metric_of(name, meaning, true, function), MetricType::type),
#define METRIC_CLOSED(function, name, type, meaning, values) \
    closed(checked(metric_of(name, meaning, false, function), MetricType::type), values),
#include "engine/policy/metrics.def"
#undef METRIC
#undef METRIC_FAMILY
#undef METRIC_CLOSED
};

constexpr std::string_view kIndicatorNames[] = {
#define INDICATOR(number, function, name, meaning) name,
#include "engine/scoring/indicators.def"
#undef INDICATOR
};

/// What may stand behind a family's name.
std::vector<std::string> arguments_of(const Metric& family) {
    std::vector<std::string> out;
    if (family.name == "tag") {
        for (const Tag& t : all_tags()) out.emplace_back(t.name);
    } else if (family.name == "indicator") {
        for (const auto name : kIndicatorNames) out.push_back(slug_of(name));
    } else {
        for (int i = 0; i < static_cast<int>(Ask::kCount); ++i)
            out.emplace_back(to_string(static_cast<Ask>(i)));
    }
    return out;
}

}  // namespace

std::string_view to_string(MetricType t) noexcept {
    switch (t) {
        case MetricType::Number:
            return "a number";
        case MetricType::Text:
            return "a text";
        case MetricType::Texts:
            return "texts";
        case MetricType::Flag:
            return "yes or no";
    }
    return "";
}

std::span<const Metric> all_metrics(PolicySubject subject) noexcept {
    return subject == PolicySubject::Mail ? std::span<const Metric>(kMetrics) : account_metrics();
}

std::string slug_of(std::string_view name) {
    std::string out = ascii_lower(name);
    std::replace(out.begin(), out.end(), ' ', '-');
    return out;
}

FoundMetric find_metric(std::string_view name, PolicySubject subject) {
    const auto metrics = all_metrics(subject);
    for (const Metric& m : metrics)
        if (!m.family && m.name == name) return {&m, "", ""};
    const auto dot = name.find('.');
    const std::string_view head = name.substr(0, dot);
    for (const Metric& m : metrics) {
        if (!m.family || m.name != head || dot == std::string_view::npos) continue;
        const std::string argument(name.substr(dot + 1));
        const auto known =
            subject == PolicySubject::Mail ? arguments_of(m) : account_arguments_of(m);
        if (std::find(known.begin(), known.end(), argument) != known.end())
            return {&m, argument, ""};
        const std::string near = nearest(argument, known);
        return {nullptr, "", near.empty() ? "" : std::string(head) + "." + near};
    }
    std::vector<std::string> names;
    for (const Metric& m : metrics) names.emplace_back(m.name);
    return {nullptr, "", nearest(name, names)};
}

}  // namespace kith
