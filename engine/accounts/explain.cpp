// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "engine/accounts/past_incidents.hpp"
#include "engine/base/text.hpp"

namespace kith {
namespace {

constexpr float kWorthSaying = 1.5F;
constexpr std::size_t kMaxReasons = 3, kMaxText = 400;

std::string counted(std::uint64_t n, std::string_view what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string provider_text(const GeoPlace& place) {
    return place.asn == 0 ? "" : "AS" + std::to_string(place.asn);
}

std::string from_where(const Sighting& s) {
    if (s.network.empty()) return "";
    std::string about = s.organisation;
    const auto add = [&](const std::string& text) {
        if (!text.empty()) about += (about.empty() ? "" : ", ") + text;
    };
    add(provider_text(s.place));
    add(s.place.country);
    return " from " + s.network + (about.empty() ? "" : " (" + about + ")");
}

/// The same, with how much of it there was on the day.
std::string what_was_done(const AccountLook& l) {
    const auto today = [&](AccountFeature f) {
        return ", " + std::to_string(l.account.today[index_of(f)]) + " today";
    };
    const AccountAct act = l.seen.act;
    if (act == AccountAct::SessionEnd && l.seen.messages == 0)
        return act_text(l.seen) + ", with " +
               counted(l.account.today[index_of(AccountFeature::read_day)], "mail") + " read today";
    if (act == AccountAct::Read || act == AccountAct::SessionEnd)
        return act_text(l.seen) + today(AccountFeature::read_day);
    if (act == AccountAct::Delete) return act_text(l.seen) + today(AccountFeature::delete_day);
    return act_text(l.seen);
}

/// Largest number that the habit has seen, as the bin's upper end.
std::uint64_t most_seen(const Habit& habit) {
    std::uint32_t bin = 1;
    for (const Habit::Value& v : habit.values()) bin = std::max(bin, v.value);
    return bin <= 1 ? 0 : (std::uint64_t{1} << std::min(bin - 1, 40U)) - 1;
}

std::string past(const AccountState& a) {
    const double days = std::max(0.0, days_between(a.first, a.last));
    const auto uses = static_cast<std::uint64_t>(std::lround(a.logins + a.mails));
    return counted(uses, "login") + (a.mails > 0 ? " and mails" : "") + " over " +
           counted(static_cast<std::uint64_t>(std::lround(days)), "day");
}

std::string subject(const AccountLook& l, AccountFeature f) {
    switch (f) {
        case AccountFeature::network:
        case AccountFeature::organisation:
            return "this network";
        case AccountFeature::provider:
            return "the provider " + provider_text(l.seen.place);
        case AccountFeature::country:
            return "the country " + l.seen.place.country;
        case AccountFeature::client:
            return "the program " + l.seen.client;
        case AccountFeature::service:
            return l.seen.service;
        case AccountFeature::mechanism:
            return "the login method " + l.seen.mechanism;
        case AccountFeature::tls:
            return "the encryption " + l.seen.tls;
        case AccountFeature::mail_client:
            return "this mail program";
        case AccountFeature::change:
            return "such a change";
        case AccountFeature::rule:
            return "a rule like this";
        case AccountFeature::mailbox:
            return "reading " + l.seen.detail;
        case AccountFeature::sent_kind:
            return "mail that " + l.seen.detail;
        default:
            return "";
    }
}

std::string category_reason(const AccountLook& l, AccountFeature f, const AccountCompany& company) {
    const std::size_t i = index_of(f);
    const std::uint32_t value = l.values[i];
    const std::string what = subject(l, f);
    if (l.account.habits[i].knows(value)) return what + " is rare for this account";
    if (!company.all[i].knows(value))
        return what + " was never seen for this account in " + past(l.account) +
               " nor for anybody at the site";
    return what + " was never seen for this account in " + past(l.account);
}

std::string upward_reason(const AccountLook& l, AccountFeature f) {
    const std::size_t i = index_of(f);
    const std::uint64_t most = most_seen(l.account.habits[i]);
    const std::string before =
        most == 0 ? "which it never did before" : fmt::format("{} at most before", most);
    switch (f) {
        case AccountFeature::concurrent:
            return fmt::format("used from {} networks at once", l.values[i]);
        case AccountFeature::idle:
            return "after " + span_text(l.seen.time - l.account.last) + " of silence";
        case AccountFeature::failures:
            return fmt::format("after {} within an hour",
                               counted(l.account.failures.size(), "failed login"));
        case AccountFeature::new_recipients:
            return fmt::format("{} today to whom it never wrote, {}", l.account.today[i], before);
        case AccountFeature::sent_day:
            return fmt::format("{} today, {}", counted(l.account.today[i], "recipient"), before);
        default:
            return before + (most == 0 ? "" : " in a day");
    }
}

std::string reason(const AccountLook& l, AccountFeature f, const AccountCompany& company) {
    if (f == AccountFeature::hour) return "at a time of the week when this account is hardly used";
    return kAccountFeatureSpecs[index_of(f)].form == AccountForm::Upward
               ? upward_reason(l, f)
               : category_reason(l, f, company);
}

}  // namespace

std::string act_text(const Sighting& s) {
    switch (s.act) {
        case AccountAct::Login:
            return "logs in" + (s.service.empty() ? "" : " over " + s.service) + from_where(s) +
                   (s.client.empty() ? "" : " with " + s.client);
        case AccountAct::LoginFailed:
            return counted(s.repeats, "login") + " failed" + from_where(s);
        case AccountAct::LoginRefused:
            return "a login was refused" + from_where(s);
        case AccountAct::SessionEnd:
            if (s.messages == 0) return "ends a session" + from_where(s);
            [[fallthrough]];
        case AccountAct::Read:
            return "reads " + counted(s.messages, "mail") +
                   (s.detail.empty() ? "" : " in " + s.detail) + from_where(s);
        case AccountAct::Delete:
            return "deletes " + counted(s.messages, "mail") +
                   (s.detail.empty() ? "" : " in " + s.detail) + from_where(s);
        case AccountAct::Copy:
            return "copies " + counted(s.messages, "mail") + from_where(s);
        case AccountAct::Folder:
            return "changes a mailbox" + (s.detail.empty() ? "" : " (" + s.detail + ")") +
                   from_where(s);
        case AccountAct::RuleStored:
        case AccountAct::RuleActivated:
            return std::string(s.act == AccountAct::RuleStored ? "stores" : "activates") +
                   " a filter rule" + (s.detail.empty() ? "" : " that " + s.detail) + from_where(s);
        case AccountAct::RuleRemoved:
            return "removes a filter rule" + from_where(s);
        case AccountAct::Credential:
            return "changes a password or another program's access" +
                   (s.detail.empty() ? "" : " (" + s.detail + ")") + from_where(s);
        case AccountAct::Forward:
            return "has mail sent on: " + s.detail + from_where(s);
        case AccountAct::Mail:
            return fmt::format("sends mail to {} address{}", s.recipients.size(),
                               s.recipients.size() == 1 ? "" : "es") +
                   from_where(s);
    }
    return "does something";
}

std::string span_text(Seconds span) {
    const auto s = static_cast<std::uint64_t>(std::max<std::int64_t>(span.count(), 0));
    if (s < 120) return counted(s, "second");
    if (s < 2 * 3600) return counted(s / 60, "minute");
    if (s < 2 * 86400) return counted(s / 3600, "hour");
    return counted(s / 86400, "day");
}

std::string account_text(const AccountLook& look, std::uint32_t indicators,
                         const AccountCompany& company) {
    std::vector<std::size_t> order;
    std::array<bool, kAccountCauses> said{};
    for (std::size_t i = 0; i < kAccountFeatures; ++i)
        if (look.nats[i] >= kWorthSaying) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return look.nats[a] > look.nats[b]; });
    std::string out = what_was_done(look);
    std::size_t reasons = 0;
    if (has_indicator(indicators, AccountIndicator::travels_impossibly)) {
        out += ": " + travel_text(*look.travel);
        ++reasons;
    }
    for (const std::size_t i : order) {
        const std::size_t cause = index_of(kAccountFeatureSpecs[i].cause);
        if (said[cause] || reasons == kMaxReasons) continue;
        said[cause] = true;
        out +=
            (reasons++ == 0 ? ": " : "; ") + reason(look, static_cast<AccountFeature>(i), company);
    }
    return std::string(utf8_prefix(out, kMaxText));
}

std::string incident_text(const AccountIncident& incident) {
    std::string out;
    Time before{};
    for (const AccountStep& step : incident.steps) {
        if (!out.empty()) out += "; " + span_text(step.time - before) + " later ";
        out += step.text;
        before = step.time;
        if (out.size() > 1500) break;
    }
    return out;
}

std::string ending_text(const AccountIncident& incident, Time now) {
    if (incident.is_open(now)) return "open";
    if (ended_by_itself(incident))
        return "over, " + span_text(AccountIncident::kKept) + " without a step";
    return incident.normal ? "closed by an admin: it was the owner" : "closed by an admin";
}

}  // namespace kith
