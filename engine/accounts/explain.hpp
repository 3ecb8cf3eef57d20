// SPDX-License-Identifier: Apache-2.0
// What happened on an account, in plain English with numbers. Pure. Covered by
// tests/unit/accounts/explain_test.cpp.
#pragma once

#include <string>

#include "engine/accounts/indicators.hpp"

namespace kith {

/// Who else shows a value.
struct AccountCompany {
    const Habits& domain;
    const Habits& all;
};

/// One sentence without subject and full stop: "logs in over imap from 203.0.113.0/24, never seen
/// for this account in 214 logins over 60 days nor for anybody at the site". At most 400 bytes.
/// `indicators`: indicators_of(look).
[[nodiscard]] std::string account_text(const AccountLook& look, std::uint32_t indicators,
                                       const AccountCompany& company);

/// What was done, without a word about how usual that is: "logs in over imap from 203.0.113.0/24".
[[nodiscard]] std::string act_text(const Sighting& sighting);

/// "an hour", "12 minutes", "3 days".
[[nodiscard]] std::string span_text(Seconds span);

/// The story of an incident in a few sentences, with times between its steps.
[[nodiscard]] std::string incident_text(const AccountIncident& incident);

/// How it stands or ended: "open", "closed by an admin", "closed by an admin: it was the owner",
/// "over, 14 days without a step".
[[nodiscard]] std::string ending_text(const AccountIncident& incident, Time now);

}  // namespace kith
