// SPDX-License-Identifier: Apache-2.0
// Judging what happens on an account by its own past, its domain's and the site's, and learning
// from it: the same surprise, the same calibration and the same gate as for mail. The risk of an
// account is what the most foreign hand of the last days differs in, and what was done since by it,
// in nats; it is ranked among the days of all accounts, so that one number, alerts a week, is all
// an admin sets. Pure. One thread. Covered by tests/unit/accounts/judge_test.cpp and
// tests/bench/accounts.
#pragma once

#include <string>

#include "engine/accounts/indicators.hpp"
#include "engine/accounts/options.hpp"
#include "engine/accounts/state.hpp"

namespace kith {

/// Where an account stands, and what it is compared with.
struct AccountPlace {
    AccountState& account;
    Habits& domain;  ///< of all accounts of its domain
    Habits& all;     ///< of the site
    AccountSite& site;
};

/// What is thought of one event.
struct AccountJudgement {
    AccountValues values{};   ///< with what needs history
    AccountSurprises nats{};  ///< of each feature, alone
    /// Bit per feature (Category) whose value the account never showed; in its first week nothing
    /// is new.
    std::uint32_t unseen = 0;
    double hand = 0;       ///< nats by which the endpoint is not the account's own
    double risk_nats = 0;  ///< of the account
    AccountStratum stratum = AccountStratum::Hand;
    double p = 1;         ///< share of the site's account-days that are as suspicious
    double per_week = 0;  ///< of which so many come in a week
    double risk = 0;      ///< 0 to 100 = 20 log10(1/p)
    std::uint32_t indicators = 0;
    bool ready = false;   ///< enough was seen to raise an alert
    bool alert = false;   ///< opens an incident, or is a step of the one that is open
    bool opened = false;  ///< it is to be told: opened now, or goes on after a pause
    std::string text;     ///< in plain words; "" when nothing is unusual
};

/// Account-days that must have ended before an alert is raised, and such of a stratum before it is
/// compared with its like; until then with all.
inline constexpr std::size_t kEnoughAccountDays = 300, kEnoughOfStratum = 30;

/// Judges the event and takes it in: counts it, learns it now or, when it is suspicious, after
/// probation if no incident is open then, adds it to the account's incident or opens one.
/// `incident_id`: what a new incident would be called.
AccountJudgement observe_account(const Sighting& sighting, const AccountJudgeOptions& options,
                                 const std::string& incident_id, AccountPlace place);

/// A mail reached an account. `evidence`: C of the mail, which has a link or asks for something.
void note_arrived(const std::string& mail, Time time, double evidence, AccountState& account);

/// An admin says that the incident is over. `normal`: it was the account's owner, whose ways are
/// learned at once; else what waits is never learned. False when none is open.
bool close_incident(AccountPlace place, Time now, bool normal);

/// Risk now, 0 to 100: that of the last event, which halves in two days, in a week while an
/// incident is open.
[[nodiscard]] double account_risk(const AccountState& account, Time now) noexcept;

}  // namespace kith
