// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "engine/accounts/explain.hpp"
#include "engine/accounts/judge.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"

namespace kith::admin {
namespace {

std::string minute(Time t) {
    std::string when = iso8601(t).substr(0, 16);
    when[10] = ' ';
    return when;
}

std::string place_name(AccountFeature f, std::uint32_t value) {
    return f == AccountFeature::country ? country_of(value) : "AS" + std::to_string(value);
}

Json places_json(const AccountState& a, AccountFeature f) {
    Json out = Json::object();
    for (const Habit::Value& v : a.habits[index_of(f)].values())
        out[place_name(f, v.value)] = rounded(static_cast<double>(v.count), 1);
    return out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& w : words) out += (out.empty() ? "" : ", ") + cell(w);
    return out;
}

Json step_json(const AccountStep& s) {
    return {{"time", iso8601(s.time)},
            {"kind", to_string(s.act)},
            {"text", s.text},
            {"mail", s.mail},
            {"indicators", indicator_names(s.marks)},
            {"risk", rounded(static_cast<double>(s.risk), 1)}};
}

Json account_json(const AccountState& a, Time now) {
    return {{"account", a.name},
            {"risk", rounded(account_risk(a, now), 1)},
            {"incident", a.incident.is_open(now) ? a.incident.id : ""},
            {"first", iso8601(a.first)},
            {"last", iso8601(a.last)},
            {"logins", a.logins},
            {"mails", a.mails}};
}

/// Those that are over, newest first.
std::vector<const AccountIncident*> ended_incidents(const AccountState& a, Time now) {
    std::vector<const AccountIncident*> out;
    if (!a.incident.id.empty() && !a.incident.is_open(now)) out.push_back(&a.incident);
    for (auto past = a.past.rbegin(); past != a.past.rend(); ++past) out.push_back(&*past);
    return out;
}

void print_ended(Env& env, const std::vector<const AccountIncident*>& incidents) {
    if (incidents.empty()) return;
    env.out << "\nIncidents that are over:\n";
    TextTable table({"ID", "FROM (UTC)", "TO (UTC)", "RISK", "HOW IT ENDED"});
    for (const AccountIncident* i : incidents)
        table.add({cell(i->id), minute(i->opened), minute(i->last),
                   fixed1(static_cast<double>(i->risk)), ending_text(*i, env.now)});
    table.print(env.out);
}

void print_steps(Env& env, const std::vector<AccountStep>& steps) {
    TextTable table({"TIME (UTC)", "RISK", "WHAT", "INDICATORS"});
    for (const AccountStep& s : steps)
        table.add({minute(s.time), fixed1(static_cast<double>(s.risk)), cell(s.text, 400),
                   joined(indicator_names(s.marks))});
    table.print(env.out, {output_width(), {2, 3}, {}});
}

/// Which countries and providers the account was used from, the most usual first; nothing without
/// accounts.mmdb.
void print_places(Env& env, const AccountState& a) {
    constexpr std::size_t kMostShown = 5;
    for (const auto& [feature, what] : {std::pair(AccountFeature::country, "Countries"),
                                        std::pair(AccountFeature::provider, "Providers")}) {
        const Habit& habit = a.habits[index_of(feature)];
        std::vector<Habit::Value> values = habit.values();
        if (values.empty()) continue;
        std::stable_sort(
            values.begin(), values.end(),
            [](const Habit::Value& x, const Habit::Value& y) { return x.count > y.count; });
        env.out << what << ": ";
        for (std::size_t i = 0; i < values.size() && i < kMostShown; ++i)
            env.out << (i == 0 ? "" : ", ") << place_name(feature, values[i].value) << ' '
                    << fixed1(100 * static_cast<double>(values[i].count) /
                              std::max(1.0, habit.total()))
                    << " %";
        if (values.size() > kMostShown)
            env.out << " and " << counted(values.size() - kMostShown, "other");
        env.out << '\n';
    }
}

/// How many values of a feature the account has shown, and how often the most usual one.
void print_habits(Env& env, const AccountState& a) {
    TextTable table({"WHAT", "VALUES", "MOST OFTEN"});
    for (std::size_t f = 0; f < kAccountFeatures; ++f) {
        const Habit& habit = a.habits[f];
        if (habit.values().empty()) continue;
        float most = 0;
        for (const Habit::Value& v : habit.values()) most = std::max(most, v.count);
        table.add({std::string(kAccountFeatureSpecs[f].name), std::to_string(habit.values().size()),
                   fixed1(100 * static_cast<double>(most) / std::max(1.0, habit.total())) + " %"});
    }
    table.print(env.out);
}

}  // namespace

std::vector<std::string> indicator_names(std::uint32_t indicators) {
    std::vector<std::string> out;
    for (const AccountIndicatorSpec& i : account_indicators())
        if (has_indicator(indicators, i.number)) out.emplace_back(i.name);
    return out;
}

std::vector<std::string> attack_ids(std::uint32_t indicators) {
    std::vector<std::string> out;
    for (const AccountIndicatorSpec& i : account_indicators())
        if (has_indicator(indicators, i.number) && !i.attack.empty() &&
            std::find(out.begin(), out.end(), i.attack) == out.end())
            out.emplace_back(i.attack);
    return out;
}

std::string account_readiness(std::size_t days) {
    return fmt::format(
        "{} of {} account-days seen to tell what is unusual: still learning, no alert is raised",
        days, kEnoughAccountDays);
}

Outcome list_accounts(Env& env, const StoreReader& reader, std::size_t limit) {
    std::vector<AccountState> all;
    const auto riskier = [&](const AccountState& x, const AccountState& y) {
        const double a = account_risk(x, env.now), b = account_risk(y, env.now);
        return a != b ? a > b : x.name < y.name;
    };
    // Only the riskiest are kept at any time: a site may have any number of accounts.
    const Status scanned = scan_accounts(reader, [&](const AccountState& a) {
        all.push_back(a);
        std::push_heap(all.begin(), all.end(), riskier);
        if (all.size() > limit) {
            std::pop_heap(all.begin(), all.end(), riskier);
            all.pop_back();
        }
        return true;
    });
    if (!scanned) return fail(scanned.error());
    std::sort(all.begin(), all.end(), riskier);
    if (env.json) {
        Json j;
        j["accounts"] = Json::array();
        for (const AccountState& a : all) j["accounts"].push_back(account_json(a, env.now));
        print_json(env.out, j);
        return 0;
    }
    if (all.empty()) {
        env.out << "nothing is known of accounts yet\n";
        return 0;
    }
    const auto days = account_days(reader);
    if (!days) return fail(days.error());
    const bool ready = *days >= kEnoughAccountDays;
    TextTable table({"ACCOUNT", "RISK", "INCIDENT", "LAST SEEN (UTC)", "LOGINS", "MAILS"});
    for (const AccountState& a : all)
        table.add({cell(a.name, 64), ready ? fixed1(account_risk(a, env.now)) : "-",
                   a.incident.is_open(env.now) ? cell(a.incident.id) : "-", minute(a.last),
                   fixed1(a.logins), fixed1(a.mails)});
    table.print(env.out);
    if (!ready) env.out << account_readiness(*days) << '\n';
    return 0;
}

Outcome show_account(Env& env, const Config& config, const StoreReader& reader,
                     const std::string& name) {
    const auto secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    const auto found = find_account(reader, account_key(Hasher(*secret), trim(name)));
    if (!found) return fail(found.error());
    if (!found->has_value())
        return fail(ErrorCode::NoInput, "nothing is known of the account " + name,
                    "kith account list shows those that are; a name is spelt as it logs in");
    const AccountState& a = **found;
    if (env.json) {
        Json j = account_json(a, env.now);
        j["countries"] = places_json(a, AccountFeature::country);
        j["providers"] = places_json(a, AccountFeature::provider);
        j["unusual"] = Json::array();
        for (const AccountStep& s : a.unusual) j["unusual"].push_back(step_json(s));
        j["past_incidents"] = Json::array();
        for (const AccountIncident* i : ended_incidents(a, env.now))
            j["past_incidents"].push_back({{"id", i->id},
                                           {"opened", iso8601(i->opened)},
                                           {"last", iso8601(i->last)},
                                           {"risk", rounded(static_cast<double>(i->risk), 1)},
                                           {"ending", ending_text(*i, env.now)}});
        print_json(env.out, j);
        return 0;
    }
    const auto days = account_days(reader);
    if (!days) return fail(days.error());
    const bool ready = *days >= kEnoughAccountDays;
    env.out << "Account " << cell(a.name) << ": "
            << (ready ? "risk " + fixed1(account_risk(a, env.now)) + " of 100"
                      : account_readiness(*days))
            << '\n'
            << fixed1(a.logins) << " logins and " << fixed1(a.mails) << " mails from "
            << minute(a.first) << " to " << minute(a.last) << " UTC\n";
    if (a.incident.is_open(env.now))
        env.out << "Incident " << cell(a.incident.id) << ": " << a.incident.steps.size()
                << " steps since " << minute(a.incident.opened) << "; kith incident show "
                << cell(a.incident.id) << '\n';
    print_ended(env, ended_incidents(a, env.now));
    env.out << "\nWhat is usual:\n";
    print_places(env, a);
    print_habits(env, a);
    if (!a.unusual.empty()) {
        env.out << "\nWhat was unusual:\n";
        // Oldest first, whenever they were learned; an incident's steps are.
        std::vector<AccountStep> steps = a.unusual;
        std::stable_sort(
            steps.begin(), steps.end(),
            [](const AccountStep& x, const AccountStep& y) { return x.time < y.time; });
        print_steps(env, steps);
    }
    return 0;
}

Json account_incident_json(const AccountIncident& i, Time now) {
    Json j = {{"id", i.id},
              {"account", i.account},
              {"opened", iso8601(i.opened)},
              {"last", iso8601(i.last)},
              {"open", i.is_open(now)},
              {"ending", ending_text(i, now)},
              {"risk", rounded(static_cast<double>(i.risk), 1)},
              {"indicators", indicator_names(i.indicators)},
              {"attack", attack_ids(i.indicators)},
              {"summary", incident_text(i)},
              {"steps", Json::array()},
              {"left_out", i.left_out}};
    for (const AccountStep& s : i.steps) j["steps"].push_back(step_json(s));
    return j;
}

void print_account_incident(Env& env, const AccountIncident& i) {
    if (env.json) return print_json(env.out, account_incident_json(i, env.now));
    env.out << "Incident " << cell(i.id) << ": account " << cell(i.account) << ", "
            << iso8601(i.opened) << " to " << iso8601(i.last)
            << (i.is_open(env.now) ? "" : ", " + ending_text(i, env.now)) << "\nIndicators: "
            << (i.indicators == 0 ? "none" : joined(indicator_names(i.indicators))) << "\nATT&CK: "
            << (attack_ids(i.indicators).empty() ? "-" : joined(attack_ids(i.indicators))) << "\n\n"
            << cell(i.account) << ' ' << cell(incident_text(i), 2000) << ".\n\n";
    print_steps(env, i.steps);
    if (i.left_out > 0) env.out << "and " << counted(i.left_out, "step") << " more\n";
    if (!i.is_open(env.now)) return;
    env.out << "\nWhat you can do:\n  kith account lock " << cell(i.account)
            << " --reason ...  # stop its mail and logins\n  kith incident close " << cell(i.id)
            << "      # when the account is its owner's again\n  kith incident close --normal "
            << cell(i.id) << "   # when it was its owner: learn these ways\n";
}

}  // namespace kith::admin
