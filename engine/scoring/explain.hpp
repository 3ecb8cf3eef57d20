// SPDX-License-Identifier: Apache-2.0
// What the causes (causes.hpp) added to the deciding score as plain English with numbers, and what
// would have changed the verdict. Pure. Covered by tests/unit/scoring/explain_test.cpp and
// tests/property/single_cause_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/features/observe.hpp"
#include "engine/scoring/fingerprint.hpp"

namespace kith {

/// One reason a cause, strongest first, at most `limit`; only causes that added something. A
/// reason's feature is the one whose words were taken, its weight that of the whole cause.
[[nodiscard]] std::vector<Reason> reasons_for(const Evidence& e, Stratum s, const Labels& labels,
                                              std::size_t limit);

/// "3 other mails of this sender …", feature "other_mails"; `gained` in C. REQUIRES others.gain >
/// 0.
[[nodiscard]] Reason reason_of(const OtherMails& others, double gained);

/// "looks like a mail of this sender that was held …", feature "fingerprint". REQUIRES gain > 0.
[[nodiscard]] Reason reason_of(const Suspicion& suspicion, Time now);
/// What happened on the login that submitted the mail, as a reason for what it added to C.
[[nodiscard]] Reason reason_of_account(double account_risk, double gained);

/// The fewest strongest causes without which the verdict (Tag, Defer or Quarantine at evidence
/// `joint`) would have been milder, in the words of reasons_for(); "" for any other verdict.
[[nodiscard]] std::string what_would_pass(const Evidence& e, Stratum s, double joint,
                                          Verdict verdict, const Labels& labels,
                                          const ScoringOptions& options);

/// "a|b" in a sentence becomes a when `label` is "1", else b; '%' becomes the label.
[[nodiscard]] std::string filled(std::string_view sentence, std::string_view label);

}  // namespace kith
