// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/judge.hpp"

#include <algorithm>
#include <cmath>

#include "engine/accounts/explain.hpp"
#include "engine/accounts/past_incidents.hpp"
#include "engine/accounts/travel.hpp"

namespace kith {
namespace {

// A wild value of one thing decides nothing: three unusual things do. What nobody at the site ever
// showed may count more than what is new to the account.
constexpr double kMostOfFeature = 10, kMostOfCause = 11;
constexpr double kShareOfOthers = .25;  ///< of what the same change shows in as well
constexpr double kWeightOfHour = .5, kWeightOfPresence = .6;
constexpr double kWholeHand = 12, kLeastWeight = .25;
constexpr double kNatsOfDays = 1.5;  ///< of a strange endpoint that stays, times ln of its days
constexpr Seconds kActive{1800};     ///< an endpoint is in use so long after its last event
constexpr Seconds kFailureSpan{3600};
constexpr double kFadeSeconds = 2 * 86400;     ///< half-life of what was done
constexpr double kFadeOfIncident = 7 * 86400;  ///< and of the risk while an incident is open
constexpr Seconds kForgetEndpoint{4LL * 86400};
constexpr Seconds kArrivedKept{7LL * 86400};
constexpr Seconds kBefore{3LL * 86400};  ///< unusual events that belong to an incident's beginning
constexpr double kGateP = .03;           ///< more suspicious account-days teach after probation
constexpr double kGateNats = 10;         ///< the same before there is a scale
constexpr double kLeastAlert = 10;       ///< nats: less is one or two unusual things
constexpr double kShareOfAlert = .5;     ///< of what is above the level of alerts
constexpr float kUnusualNats = 2;
constexpr float kPartOfIncident = 20;       ///< risk after it: one account-day in ten
constexpr Seconds kFirstWeek{7LL * 86400};  ///< in which everything is new
constexpr double kUnusualAct = 2, kUnusualSending = 1.5;
constexpr std::uint32_t kNoChange = 1;  ///< value of a day without changes. Persistent.

constexpr std::array kVolumes = {AccountFeature::read_day, AccountFeature::delete_day,
                                 AccountFeature::sent_day, AccountFeature::new_recipients};

bool is_use(AccountAct a) { return a == AccountAct::Login || a == AccountAct::Mail; }
bool is_failure(AccountAct a) {
    return a == AccountAct::LoginFailed || a == AccountAct::LoginRefused;
}

double faded(double nats, Seconds age, double half_life) {
    return age.count() <= 0 ? nats
                            : nats * std::exp2(-static_cast<double>(age.count()) / half_life);
}

template <class T>
void push_bounded(std::vector<T>& list, T item, std::size_t most) {
    if (list.size() >= most) list.erase(list.begin());
    list.push_back(std::move(item));
}

// --- surprise -----------------------------------------------------------------------------------

double surprise(std::size_t f, std::uint32_t value, const AccountPlace& place) {
    const AccountForm form = kAccountFeatureSpecs[f].form;
    const std::array<const Habits*, kAccountLevels> levels = {&place.account.habits, &place.domain,
                                                              &place.all};
    double p = 1;
    for (std::size_t level = kAccountLevels; level-- > 0;) {
        const Standing at = (*levels[level])[f].standing(value, form);
        p = level_p(at, place.site.novelty[level][f].nu(at.n, at.t), p,
                    level + 1 == kAccountLevels);
    }
    return std::min(hinge(p), kMostOfFeature);
}

/// Counts `value` for the account and, where it is new to a child, for the parent.
void learn_value(std::size_t f, std::uint32_t value, std::int32_t day, const AccountPlace& place) {
    const AccountForm form = kAccountFeatureSpecs[f].form;
    const std::array<Habits*, kAccountLevels> levels = {&place.account.habits, &place.domain,
                                                        &place.all};
    for (std::size_t level = 0; level < kAccountLevels; ++level) {
        Habit& habit = (*levels[level])[f];
        habit.age(day);
        const Standing at = habit.standing(value, form);
        const bool known = habit.knows(value);
        if (!habit.add(value, day, level == 0 ? kMostOfAccount : kMostOfParent)) return;
        place.site.novelty[level][f].count(at.n, at.t, !at.seen);
        if (known) return;
    }
}

// --- what needs history -------------------------------------------------------------------------

Endpoint& endpoint_of(const Sighting& s, std::uint32_t network, AccountState& a) {
    const auto known = std::find_if(a.endpoints.begin(), a.endpoints.end(),
                                    [&](const Endpoint& e) { return e.network == network; });
    if (known != a.endpoints.end()) return *known;
    std::erase_if(a.endpoints,
                  [&](const Endpoint& e) { return s.time - e.last > kForgetEndpoint; });
    if (a.endpoints.size() >= AccountState::kMaxEndpoints)
        a.endpoints.erase(
            std::min_element(a.endpoints.begin(), a.endpoints.end(),
                             [](const Endpoint& x, const Endpoint& y) { return x.last < y.last; }));
    Endpoint fresh;
    fresh.network = network;
    fresh.words = s.network;
    fresh.first = fresh.last = s.time;
    a.endpoints.push_back(std::move(fresh));
    return a.endpoints.back();
}

/// The network of the event, or of its session.
std::uint32_t network_of(const Sighting& s, AccountState& a) {
    const std::uint32_t network = s.value(AccountFeature::network);
    const auto session = std::find_if(a.sessions.begin(), a.sessions.end(),
                                      [&](const auto& x) { return x.first == s.session; });
    if (network == 0) return session != a.sessions.end() && s.session != 0 ? session->second : 0;
    if (s.session != 0 && session == a.sessions.end())
        push_bounded(a.sessions, {s.session, network}, AccountState::kMaxSessions);
    return network;
}

bool is_active(const Endpoint& e, Time now) {
    return now - e.last <= kActive && e.last - now <= kActive;
}

bool is_own_endpoint(const Endpoint& e) {
    return e.network != 0 && e.nats[index_of(AccountCause::Origin)] < kUnusualNats;
}

void count_failures(const Sighting& s, AccountState& a) {
    const auto times = std::min<std::size_t>(s.repeats, AccountState::kMaxFailures);
    for (std::size_t i = 0; i < times; ++i)
        push_bounded(a.failures, {s.time, s.value(AccountFeature::network)},
                     AccountState::kMaxFailures);
}

void count_volumes(const Sighting& s, AccountState& a) {
    const auto add = [&](AccountFeature f, std::uint64_t n) {
        std::uint32_t& count = a.today[index_of(f)];
        count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(count + std::min<std::uint64_t>(n, 1U << 30), 1U << 30));
    };
    if (s.act == AccountAct::Read || (s.act == AccountAct::SessionEnd && !a.tells_reads))
        add(AccountFeature::read_day, s.messages);
    if (s.act == AccountAct::Delete) add(AccountFeature::delete_day, s.messages);
    for (const AccountFeature f : {AccountFeature::change, AccountFeature::rule})
        if (s.value(f) != 0) add(f, 1);
    if (s.act != AccountAct::Mail) return;
    add(AccountFeature::sent_day, s.recipients.size());
    const auto unknown = std::count_if(s.recipients.begin(), s.recipients.end(),
                                       [&](std::uint32_t r) { return !a.recipients.knows(r); });
    add(AccountFeature::new_recipients, static_cast<std::uint64_t>(unknown));
}

/// Values that the event has of its own and those that the account's last days give it.
AccountValues values_of(const Sighting& s, const Endpoint& here, const AccountState& a) {
    AccountValues v = s.values;
    const auto set = [&](AccountFeature f, std::uint32_t value) { v[index_of(f)] = value; };
    const auto volume = [&](AccountFeature f) { set(f, upward_bin(a.today[index_of(f)])); };
    if (is_use(s.act)) {
        std::uint32_t active = 0;
        for (const Endpoint& e : a.endpoints)
            if (e.network != 0 && (&e == &here || is_active(e, s.time))) ++active;
        if (active > 0) set(AccountFeature::concurrent, active);
        if (a.last != Time{} && day_number(s.time) > day_number(a.last))
            set(AccountFeature::idle,
                upward_bin(static_cast<std::uint64_t>(days_between(a.last, s.time))));
    }
    if (s.act == AccountAct::Login) {
        const auto failed = std::count_if(a.failures.begin(), a.failures.end(), [&](const auto& f) {
            return f.first <= s.time && s.time - f.first <= kFailureSpan;
        });
        set(AccountFeature::failures, upward_bin(static_cast<std::uint64_t>(failed)));
    }
    if (s.act == AccountAct::Read || s.act == AccountAct::SessionEnd)
        volume(AccountFeature::read_day);
    if (s.act == AccountAct::Delete) volume(AccountFeature::delete_day);
    if (s.act == AccountAct::Mail) {
        volume(AccountFeature::sent_day);
        volume(AccountFeature::new_recipients);
    }
    return v;
}

bool is_volume(std::size_t f) {
    return std::any_of(kVolumes.begin(), kVolumes.end(),
                       [&](AccountFeature v) { return index_of(v) == f; });
}

/// Bit per feature whose value the account never showed so far.
std::uint32_t unseen_of(const Sighting& s, const AccountValues& values, const AccountState& a) {
    std::uint32_t bits = 0;
    if (s.time - a.first < kFirstWeek) return bits;
    for (std::size_t f = 0; f < kAccountFeatures; ++f) {
        // They are there from the day on that accounts.mmdb is set; whoever has shown none has none
        // that is new.
        const bool begins =
            (f == index_of(AccountFeature::provider) || f == index_of(AccountFeature::country)) &&
            a.habits[f].values().empty();
        if (values[f] != 0 && kAccountFeatureSpecs[f].form == AccountForm::Category && !begins &&
            !a.habits[f].knows(values[f]))
            bits |= 1U << f;
    }
    return bits;
}

// --- risk ---------------------------------------------------------------------------------------

/// Surprise of each cause: of the most surprising feature whole, of the others a share. Where the
/// account knows the provider the prefix is a detail: customers move between its networks.
std::array<double, kAccountCauses> by_cause(const AccountSurprises& nats, double mail_nats,
                                            bool knows_provider) {
    std::array<double, kAccountCauses> most{}, sum{};
    for (std::size_t f = 0; f < kAccountFeatures; ++f) {
        const std::size_t c = index_of(kAccountFeatureSpecs[f].cause);
        if (!knows_provider || f != index_of(AccountFeature::network))
            most[c] = std::max(most[c], static_cast<double>(nats[f]));
        sum[c] += static_cast<double>(nats[f]);
    }
    const std::size_t sending = index_of(AccountCause::Sending);
    most[sending] = std::max(most[sending], mail_nats);
    sum[sending] += mail_nats;
    for (std::size_t c = 0; c < kAccountCauses; ++c)
        most[c] = std::min(kMostOfCause, most[c] + kShareOfOthers * (sum[c] - most[c]));
    return most;
}

void note_endpoint(const Sighting& s, const std::array<double, kAccountCauses>& nats, Endpoint& e) {
    for (std::size_t c = 0; c < kAccountCauses; ++c)
        e.nats[c] = static_cast<float>(std::max(
            faded(static_cast<double>(e.nats[c]), s.time - e.last, kFadeSeconds), nats[c]));
    // Where somebody is does not fade, it is known or not.
    if (s.value(AccountFeature::network) != 0)
        e.nats[index_of(AccountCause::Origin)] =
            static_cast<float>(nats[index_of(AccountCause::Origin)]);
    if (day_number(s.time) > day_number(e.last)) e.days = std::min(e.days + 1, 1000U);
    if (s.has(AccountMark::RedirectsOutside) || s.has(AccountMark::HidesMail)) e.diverted = s.time;
    e.last = std::max(e.last, s.time);
    if (is_use(s.act)) {
        e.used = std::max(e.used, s.time);
        if (s.place.point) e.point = s.place.point;
        if (!s.place.country.empty()) e.country = s.place.country;
    }
    if (!s.client.empty()) e.client = s.client;
}

double hand_of(const Endpoint& e, Time now) {
    const auto x = [&](AccountCause c) {
        return faded(static_cast<double>(e.nats[index_of(c)]), now - e.last, kFadeSeconds);
    };
    const double origin = x(AccountCause::Origin);
    const double stays =
        origin >= kUnusualAct ? kNatsOfDays * std::log(static_cast<double>(e.days)) : 0;
    return origin + stays + x(AccountCause::Client) + kWeightOfHour * x(AccountCause::Hour) +
           kWeightOfPresence * x(AccountCause::Presence);
}

/// What a foreign hand does counts whole, what the account's own does less.
double weight_of_acts(double hand) { return std::clamp(hand / kWholeHand, kLeastWeight, 1.0); }

struct Risk {
    double nats = 0;
    AccountStratum stratum = AccountStratum::Hand;
};

AccountStratum stratum_of(const std::array<double, kAccountCauses>& acts, bool diverted) {
    const auto x = [&](AccountCause c) { return acts[index_of(c)]; };
    if (diverted && x(AccountCause::Change) >= kUnusualAct / 2) return AccountStratum::Divert;
    if (x(AccountCause::Change) >= kUnusualAct) return AccountStratum::Change;
    if (x(AccountCause::Sending) >= kUnusualSending) return AccountStratum::Sending;
    if (std::max(x(AccountCause::Reading), x(AccountCause::Deletion)) >= kUnusualAct)
        return AccountStratum::Bulk;
    return AccountStratum::Hand;
}

Risk risk_of(const AccountState& a, Time now) {
    double hand = 0;
    std::array<double, kAccountCauses> acts{}, weighed{};
    int strange = 0;
    bool diverted = false;
    for (const Endpoint& e : a.endpoints) {
        diverted = diverted || (e.diverted != Time{} && now - e.diverted <= kForgetEndpoint);
        const double h = hand_of(e, now);
        hand = std::max(hand, h);
        if (e.nats[index_of(AccountCause::Origin)] >= kUnusualNats && now - e.last < Seconds(86400))
            ++strange;
        for (std::size_t c = kHandCauses; c < kAccountCauses; ++c) {
            const double x = faded(static_cast<double>(e.nats[c]), now - e.last, kFadeSeconds);
            acts[c] = std::max(acts[c], x);
            weighed[c] = std::max(weighed[c], weight_of_acts(h) * x);
        }
    }
    double sum = hand + std::clamp(strange - 1, 0, 2);
    for (const double x : weighed) sum += x;
    double arrived = 0;
    if (hand >= kForeignHand / 2)
        for (const ArrivedMail& m : a.arrived)
            if (m.time <= now && now - m.time <= kArrivedKept)
                arrived =
                    std::max(arrived, std::clamp(static_cast<double>(m.evidence) - 1, 0.0, 3.0));
    return {sum + arrived, stratum_of(acts, diverted)};
}

double account_days_a_week(const AccountSite& site, std::size_t ring) {
    std::uint64_t sum = 0;
    for (const std::uint32_t count : site.day_counts[ring]) sum += count;
    const int days = std::clamp(site.last_day - site.first_day, 1, 8);
    return 7.0 * static_cast<double>(sum) / days;
}

constexpr std::size_t kAll = kAccountStrata;  ///< the ring of all account-days

/// Account-days of ordinary use a week that are as suspicious as this.
double per_week(const Risk& risk, const AccountSite& site) {
    const auto s = static_cast<std::size_t>(risk.stratum);
    // A stratum with few days has a rate of its own, but not yet a shape: that of its like.
    const auto knows = [&](std::size_t ring) {
        return site.scales[ring].size() >= kEnoughOfStratum;
    };
    constexpr auto kChange = static_cast<std::size_t>(AccountStratum::Change);
    const bool like_change = risk.stratum == AccountStratum::Divert && knows(kChange);
    const std::size_t shape = knows(s) ? s : like_change ? kChange : kAll;
    return site.scales[shape].p(risk.nats) * std::max(1.0, account_days_a_week(site, s)) /
           kAccountShares[s];
}

/// The same as a share of all account-days.
double share_of_days(const Risk& risk, const AccountSite& site) {
    const double all = account_days_a_week(site, kAll);
    return all <= 0 ? 1 : std::clamp(per_week(risk, site) / all, 1e-9, 1.0);
}

double on_scale(double p) { return std::clamp(-20 * std::log10(p), 0.0, 100.0); }

bool is_ready(const AccountSite& site) { return site.peaks[kAll].size() >= kEnoughAccountDays; }

void rank(const Risk& risk, AccountJudgement& j, const AccountSite& site) {
    j.risk_nats = risk.nats;
    j.stratum = risk.stratum;
    j.ready = is_ready(site);
    if (!j.ready) return;
    j.p = share_of_days(risk, site);
    j.per_week = per_week(risk, site);
    j.risk = on_scale(j.p);
}

bool is_suspicious(const Risk& risk, const AccountSite& site) {
    if (!is_ready(site)) return risk.nats >= kGateNats;
    return share_of_days(risk, site) <= kGateP;
}

// --- learning -----------------------------------------------------------------------------------

void wait(std::size_t f, std::uint32_t value, Time due, AccountState& a) {
    const bool waits = std::any_of(a.pending.begin(), a.pending.end(), [&](const auto& p) {
        return p.feature == f && p.value == value;
    });
    if (!waits && a.pending.size() < AccountState::kMaxPending)
        a.pending.push_back({static_cast<std::uint8_t>(f), value, due});
}

/// What waited long enough is learned, if nothing came in between.
void learn_due(Time now, const AccountPlace& place) {
    AccountState& a = place.account;
    if (a.incident.is_open(now)) return;
    end_if_over(a, now);
    std::vector<PendingLesson> due;
    std::erase_if(a.pending, [&](const PendingLesson& p) {
        if (p.due > now) return false;
        due.push_back(p);
        return true;
    });
    for (const PendingLesson& p : due) learn_value(p.feature, p.value, day_number(now), place);
}

void go_to_day(AccountSite& site, std::int32_t day) {
    if (site.first_day == 0) site.first_day = site.last_day = day;
    site.first_day = std::min(site.first_day, day);
    // A site that was silent for longer than the week has no days in between.
    if (day - site.last_day > 8) site.last_day = day - 8;
    for (; site.last_day < day; ++site.last_day)
        for (auto& counts : site.day_counts)
            counts[static_cast<std::size_t>((site.last_day + 1) % 8)] = 0;
}

void add_peak(AccountSite& site, std::size_t ring, float nats, std::int32_t day) {
    site.peaks[ring].add(nats);
    // What an import tells of months ago is no day of this week.
    if (site.last_day - day < 8) ++site.day_counts[ring][static_cast<std::size_t>(day % 8)];
}

/// The least nats from which on a day of the stratum raises an alert, at most `nats`.
double alert_level(const Risk& risk, const AccountSite& site, double alerts_per_week) {
    double low = 0, high = risk.nats;
    for (int i = 0; i < 20; ++i) {
        const double middle = (low + high) / 2;
        (per_week({middle, risk.stratum}, site) <= alerts_per_week ? high : low) = middle;
    }
    return std::max(high, std::min(kLeastAlert, risk.nats));
}

/// What a day tells the scale. Of a day that raised an alert, what is above the level of alerts
/// counts half: the level stays where it is, since as many days are above it, but the tail of a
/// stratum with few days is not made of the takeovers among them, which would hide the next one.
float ranked(const Risk& risk, bool raised, const AccountSite& site, double alerts_per_week) {
    if (!raised || !is_ready(site) || per_week(risk, site) > alerts_per_week)
        return static_cast<float>(risk.nats);
    const double level = alert_level(risk, site, alerts_per_week);
    return static_cast<float>(level + kShareOfAlert * (risk.nats - level));
}

/// The day's risk is what days are like; that of an incident once, on the day that it opened: else
/// the scale would follow attacks.
void rank_day(AccountState& a, AccountSite& site, std::int32_t today, bool open,
              double alerts_per_week) {
    if (!open || day_number(a.incident.opened) >= a.day) {
        go_to_day(site, today);
        float most = 0;
        for (std::size_t s = 0; s < kAccountStrata; ++s) {
            const Risk risk{static_cast<double>(a.peaks[s]), static_cast<AccountStratum>(s)};
            const float counts = ranked(risk, open, site, alerts_per_week);
            if (counts > 0) add_peak(site, s, counts, today);
            most = std::max(most, counts);
        }
        add_peak(site, kAll, most, today);
        if (++site.since_scale >= AccountSite::kScaleEvery ||
            site.peaks[kAll].size() == kEnoughAccountDays)
            site.rescale();
    }
    a.peaks = {};
}

/// The account's day is over: how much it did and how risky it was is what days are like.
void end_day(const Sighting& s, const AccountJudgeOptions& options, const AccountPlace& place) {
    AccountState& a = place.account;
    const std::int32_t today = day_number(s.time);
    if (a.day == 0) a.day = today;
    if (today <= a.day) return;
    AccountSite& site = place.site;
    const bool open = a.incident.is_open(s.time);
    bool waits = open;
    for (std::size_t i = 0; i < kAccountStrata; ++i)
        waits =
            waits ||
            is_suspicious({static_cast<double>(a.peaks[i]), static_cast<AccountStratum>(i)}, site);
    const auto teach = [&](AccountFeature f, std::uint32_t value) {
        if (waits)
            wait(index_of(f), value, s.time + options.probation, a);
        else
            learn_value(index_of(f), value, a.day, place);
    };
    for (const AccountFeature f : kVolumes) teach(f, upward_bin(a.today[index_of(f)]));
    // A day without changes is what makes a change rare.
    for (const AccountFeature f : {AccountFeature::change, AccountFeature::rule})
        if (a.today[index_of(f)] == 0) teach(f, kNoChange);
    rank_day(a, site, today, open, options.alerts_per_week);
    a.today = {};
    a.day = today;
}

void learn_sighting(const Sighting& s, const AccountValues& values, bool waits,
                    const AccountJudgeOptions& options, const AccountPlace& place) {
    const std::int32_t day = day_number(s.time);
    for (std::size_t f = 0; f < kAccountFeatures; ++f) {
        if (values[f] == 0 || is_volume(f)) continue;
        if (waits)
            wait(f, values[f], s.time + options.probation, place.account);
        else
            learn_value(f, values[f], day, place);
    }
    if (waits) return;
    for (const std::uint32_t r : s.recipients)
        place.account.recipients.add(r, day, AccountState::kMaxRecipients);
}

// --- incident -----------------------------------------------------------------------------------

/// The last step says the same again with other numbers.
bool continues(const AccountStep& last, const AccountStep& step) {
    return last.act == step.act && last.marks == step.marks &&
           day_number(last.time) == day_number(step.time) &&
           (step.act == AccountAct::Read || step.act == AccountAct::Delete ||
            step.act == AccountAct::Mail || step.act == AccountAct::SessionEnd);
}

void add_step(AccountIncident& incident, AccountStep step) {
    incident.last = std::max(incident.last, step.time);
    incident.indicators |= step.marks;
    incident.risk = std::max(incident.risk, step.risk);
    auto& steps = incident.steps;
    if (!steps.empty() && continues(steps.back(), step)) {
        const Time since = steps.back().time;
        const std::string mail = steps.back().mail;
        steps.back() = std::move(step);
        steps.back().time = since;
        if (!mail.empty()) steps.back().mail = mail;
        return;
    }
    const auto after = std::upper_bound(
        steps.begin(), steps.end(), step,
        [](const AccountStep& x, const AccountStep& y) { return x.time < y.time; });
    steps.insert(after, std::move(step));
    if (steps.size() <= AccountIncident::kMaxSteps) return;
    steps.pop_back();
    ++incident.left_out;
}

void open_incident(const std::string& id, const AccountStep& step, AccountState& a) {
    put_away_incident(a);
    AccountIncident& incident = a.incident;
    incident.id = id;
    incident.account = a.name;
    incident.opened = incident.last = step.time;
    for (const ArrivedMail& m : a.arrived)
        if (m.time <= step.time && step.time - m.time <= kArrivedKept)
            add_step(incident, {m.time, AccountAct::Mail,
                                "a suspicious mail with a link or a request reaches the account",
                                m.id, 0, 0});
    for (const AccountStep& before : a.unusual)
        if (step.time - before.time <= kBefore && before.risk >= kPartOfIncident)
            add_step(incident, before);
}

/// `fresh`: account-days a week as suspicious as the account is without its incident.
void tell(const AccountLook& look, AccountJudgement& j, double fresh,
          const AccountJudgeOptions& options, const std::string& incident_id,
          const AccountPlace& place) {
    AccountState& a = place.account;
    const bool unusual =
        j.indicators != 0 || look.hand >= kForeignHand ||
        std::any_of(j.nats.begin(), j.nats.end(), [](float x) { return x >= kUnusualNats; });
    const bool open = a.incident.is_open(look.seen.time);
    const bool goes_on = !look.seen.imported && open &&
                         look.seen.time - a.incident.raised <= AccountIncident::kPause;
    const bool serious = !look.seen.imported && j.ready && options.alerts_per_week > 0 &&
                         j.risk_nats >= kLeastAlert && fresh <= options.alerts_per_week;
    const bool raises = serious && !goes_on, opens = raises && !open;
    if (!unusual && !raises) return;
    j.text = account_text(look, j.indicators, {place.domain, place.all});
    const AccountStep step{look.seen.time, look.seen.act, j.text,
                           look.seen.mail, j.indicators,  static_cast<float>(j.risk)};
    if (opens) open_incident(incident_id, step, a);
    if (raises || goes_on) {
        add_step(a.incident, step);
        if (serious) a.incident.raised = look.seen.time;
        if (raises) ++a.incident.raises;
        j.alert = true;
        j.opened = raises;
    }
    if (!a.unusual.empty() && continues(a.unusual.back(), step))
        a.unusual.back() = step;
    else
        push_bounded(a.unusual, step, AccountState::kMaxUnusual);
}

}  // namespace

AccountJudgement observe_account(const Sighting& s, const AccountJudgeOptions& options,
                                 const std::string& incident_id, AccountPlace place) {
    AccountState& a = place.account;
    AccountJudgement j;
    if (a.first == Time{}) {
        a.name = s.name;
        a.first = s.time;
    }
    if (is_failure(s.act)) {
        count_failures(s, a);
        rank(risk_of(a, s.time), j, place.site);
        return j;
    }
    end_day(s, options, place);
    learn_due(s.time, place);
    if (s.act == AccountAct::Read) a.tells_reads = true;
    // What comes late tells of a day that has been counted.
    if (day_number(s.time) == a.day) count_volumes(s, a);
    const std::uint32_t network = network_of(s, a);
    Endpoint& here = endpoint_of(s, network, a);
    j.values = values_of(s, here, a);
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (j.values[f] != 0) j.nats[f] = static_cast<float>(surprise(f, j.values[f], place));
    j.unseen = unseen_of(s, j.values, a);
    const bool active = std::any_of(a.endpoints.begin(), a.endpoints.end(), [&](const Endpoint& e) {
        return &e != &here && is_own_endpoint(e) && is_active(e, s.time);
    });
    const std::uint32_t provider = s.value(AccountFeature::provider);
    const bool knows_provider =
        provider != 0 && a.habits[index_of(AccountFeature::provider)].knows(provider);
    note_endpoint(s, by_cause(j.nats, static_cast<double>(s.mail_nats), knows_provider), here);
    j.hand = hand_of(here, s.time);
    const double before = faded(static_cast<double>(a.risk), s.time - a.last,
                                a.incident.is_open(s.time) ? kFadeOfIncident : kFadeSeconds);
    // While an incident is open its risk fades slowly, whatever its endpoints do.
    Risk risk = risk_of(a, s.time);
    const double fresh = per_week(risk, place.site);
    if (a.incident.is_open(s.time)) risk.nats = std::max(before, risk.nats);
    rank(risk, j, place.site);
    AccountLook look{s, j.values, j.nats, a, here, j.hand, active, {}};
    if (is_use(s.act)) look.travel = impossible_travel(s, here, a);
    j.indicators = indicators_of(look);
    tell(look, j, fresh, options, incident_id, place);
    a.risk = static_cast<float>(risk.nats);
    a.score = static_cast<float>(j.risk);
    float& peak = a.peaks[static_cast<std::size_t>(risk.stratum)];
    peak = std::max(peak, a.risk);
    if (s.act == AccountAct::Login) a.logins += 1;
    if (s.act == AccountAct::Mail) a.mails += 1;
    const bool waits = a.incident.is_open(s.time) || is_suspicious(risk, place.site);
    learn_sighting(s, j.values, waits, options, place);
    a.last = std::max(a.last, s.time);
    return j;
}

void note_arrived(const std::string& mail, Time time, double evidence, AccountState& account) {
    push_bounded(account.arrived, {mail, time, static_cast<float>(std::clamp(evidence, 0.0, 10.0))},
                 AccountState::kMaxArrived);
}

bool close_incident(AccountPlace place, Time now, bool normal) {
    AccountState& a = place.account;
    if (!a.incident.is_open(now)) return false;
    a.incident.closed = now;
    a.incident.normal = normal;
    if (normal)
        for (const PendingLesson& p : a.pending)
            learn_value(p.feature, p.value, day_number(now), place);
    a.pending.clear();
    a.endpoints.clear();
    a.risk = a.score = 0;
    a.peaks = {};
    return true;
}

double account_risk(const AccountState& a, Time now) noexcept {
    return std::clamp(faded(static_cast<double>(a.score), now - a.last,
                            a.incident.is_open(now) ? kFadeOfIncident : kFadeSeconds),
                      0.0, 100.0);
}

}  // namespace kith
