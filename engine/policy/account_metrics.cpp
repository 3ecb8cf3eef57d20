// SPDX-License-Identifier: Apache-2.0
// The functions of account_metrics.def.
#include <algorithm>

#include "engine/accounts/indicators.hpp"
#include "engine/base/text.hpp"
#include "engine/policy/metric_table.hpp"

namespace kith {
namespace {

const AccountEvent& told(View v) { return v.event().event; }
const Sighting& seen(View v) { return v.event().seen; }
const KeptJudgement& judged(View v) { return v.event().judged; }

std::string_view kind(View v, Argument) { return to_string(seen(v).act); }
std::vector<std::string> all_kinds() {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < kAccountEventKinds; ++i)
        out.emplace_back(to_string(static_cast<AccountAct>(i)));
    out.emplace_back(to_string(AccountAct::Mail));
    return out;
}
std::string_view account(View v, Argument) { return seen(v).name; }
std::string_view account_domain(View v, Argument) { return domain_of(seen(v).name); }
double account_risk(View v, Argument) { return static_cast<double>(judged(v).risk); }
double hand(View v, Argument) { return static_cast<double>(judged(v).hand); }
double messages(View v, Argument) { return static_cast<double>(seen(v).messages); }
double bytes(View v, Argument) { return static_cast<double>(told(v).bytes); }
double repeats(View v, Argument) { return seen(v).repeats; }
double seconds(View v, Argument) { return told(v).seconds; }
std::string_view mailbox(View v, Argument) { return told(v).mailbox; }
std::string_view to_mailbox(View v, Argument) { return told(v).to_mailbox; }
std::string_view service(View v, Argument) { return seen(v).service; }
std::string_view mechanism(View v, Argument) { return seen(v).mechanism; }
std::string_view program(View v, Argument) { return seen(v).client; }
std::string_view client_addr(View v, Argument) { return told(v).client_addr; }
std::string_view client_name(View v, Argument) { return told(v).client_name; }
std::string_view network(View v, Argument) { return seen(v).network; }
std::string_view country(View v, Argument) { return seen(v).place.country; }
double asn(View v, Argument) { return seen(v).place.asn; }
std::string_view host(View v, Argument) { return told(v).host; }
double hour(View v, Argument) {
    const auto of_day = to_unix(seen(v).time) % 86400;
    return static_cast<double>((of_day < 0 ? of_day + 86400 : of_day) / 3600);
}
std::string_view detail(View v, Argument) { return told(v).detail; }
bool redirects_outside(View v, Argument) { return seen(v).has(AccountMark::RedirectsOutside); }
bool hides_mail(View v, Argument) { return seen(v).has(AccountMark::HidesMail); }
bool names_topic(View v, Argument) { return seen(v).has(AccountMark::NamesTopic); }
void redirect(View v, Argument, std::vector<std::string_view>& out) {
    out.assign(told(v).rule.redirects.begin(), told(v).rule.redirects.end());
}
void folder(View v, Argument, std::vector<std::string_view>& out) {
    out.assign(told(v).rule.folders.begin(), told(v).rule.folders.end());
}
double recipients(View v, Argument) { return static_cast<double>(seen(v).recipients.size()); }

bool indicator(View v, Argument argument) {
    const auto all = account_indicators();
    return std::any_of(all.begin(), all.end(), [&](const AccountIndicatorSpec& i) {
        return has_indicator(judged(v).indicators, i.number) && slug_of(i.name) == argument;
    });
}
/// kAccountFeatures when there is none of that name.
std::size_t feature_named(Argument argument) {
    std::size_t f = 0;
    while (f < kAccountFeatures && kAccountFeatureSpecs[f].name != argument) ++f;
    return f;
}
bool is_new(View v, Argument argument) { return is_unseen(judged(v), feature_named(argument)); }
double surprise(View v, Argument argument) {
    const std::size_t f = feature_named(argument);
    return f < kAccountFeatures ? static_cast<double>(judged(v).nats[f]) : 0;
}

constexpr Metric kMetrics[] = {
#define METRIC(function, name, type, meaning) \
    checked(metric_of(name, meaning, false, function), MetricType::type),
#define METRIC_FAMILY(function, name, type, meaning) \
    checked(metric_of(name, meaning, true, function), MetricType::type),
#define METRIC_CLOSED(function, name, type, meaning, values) \
    closed(checked(metric_of(name, meaning, false, function), MetricType::type), values),
#include "engine/policy/account_metrics.def"
#undef METRIC
#undef METRIC_FAMILY
#undef METRIC_CLOSED
};

}  // namespace

std::span<const Metric> account_metrics() noexcept { return kMetrics; }

std::vector<std::string> account_arguments_of(const Metric& family) {
    std::vector<std::string> out;
    if (family.name == "indicator") {
        for (const AccountIndicatorSpec& i : account_indicators()) out.push_back(slug_of(i.name));
        return out;
    }
    for (const AccountFeatureSpec& f : kAccountFeatureSpecs)
        if (family.name != "new" || f.form == AccountForm::Category) out.emplace_back(f.name);
    return out;
}

}  // namespace kith
