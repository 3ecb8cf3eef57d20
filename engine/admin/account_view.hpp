// SPDX-License-Identifier: Apache-2.0
// What is known of own accounts, and their incidents, for `kith account` and `kith incident`.
// Covered by tests/unit/admin/account_view_test.cpp.
#pragma once

#include "engine/admin/command.hpp"
#include "engine/admin/output.hpp"
#include "engine/learner/account_learner.hpp"

namespace kith::admin {

/// Accounts that are riskiest now, at most `limit`.
[[nodiscard]] Outcome list_accounts(Env& env, const StoreReader& reader, std::size_t limit);
/// What is usual for the account of this login name, its risk, and its last unusual events.
/// NoInput when nothing is known of it.
[[nodiscard]] Outcome show_account(Env& env, const Config& config, const StoreReader& reader,
                                   const std::string& name);

/// "125 of 300 account-days seen to tell what is unusual: still learning, ...": what is said as
/// long as `days` are fewer than kEnoughAccountDays.
[[nodiscard]] std::string account_readiness(std::size_t days);

/// Names of the indicators, the most telling first.
[[nodiscard]] std::vector<std::string> indicator_names(std::uint32_t indicators);
/// ATT&CK ids of them, each once.
[[nodiscard]] std::vector<std::string> attack_ids(std::uint32_t indicators);
/// `kith incident show` of an account's incident: its story in order.
void print_account_incident(Env& env, const AccountIncident& incident);
[[nodiscard]] Json account_incident_json(const AccountIncident& incident, Time now);

}  // namespace kith::admin
