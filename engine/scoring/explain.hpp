// SPDX-License-Identifier: Apache-2.0
// Contributions of the features to the deciding score as plain English with numbers, and what would
// have changed the verdict. Pure. Covered by tests/unit/scoring/explain_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/features/observe.hpp"
#include "engine/scoring/score.hpp"

namespace kith {

/// Strongest first, at most `limit`; only features that added something.
[[nodiscard]] std::vector<Reason> reasons_for(const Evidence& e, Stratum s, const Labels& labels,
                                              std::size_t limit);

/// "3 other mails of this sender …", feature "other_mails"; `gained` in C. REQUIRES others.gain >
/// 0.
[[nodiscard]] Reason reason_of(const OtherMails& others, double gained);

/// "It would have passed without: …" naming the fewest strongest features whose absence brings C
/// below `wanted`; "" when it is below already.
[[nodiscard]] std::string what_would_pass(const Evidence& e, Stratum s, double joint, double wanted,
                                          const ScoringOptions& options);

}  // namespace kith
