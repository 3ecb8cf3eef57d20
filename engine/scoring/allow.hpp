// SPDX-License-Identifier: Apache-2.0
// How an allowance (engine/profile/allowance.hpp) is made and what it does to a judgement. Pure.
// Covered by tests/unit/scoring/allow_test.cpp.
#pragma once

#include "engine/profile/allowance.hpp"
#include "engine/scoring/assessment.hpp"
#include "engine/scoring/surprises.hpp"

namespace kith {

/// The features to allow after a mail was released: those that were surprising in it and belong to
/// one cause (causes.hpp) with one of its reasons. Sums of others and what speaks for a mail are
/// none: a request that the mail did not make stays one. Sorted.
[[nodiscard]] std::vector<std::uint16_t> features_to_allow(const std::vector<Reason>& reasons,
                                                           const Comparison& c);

/// Takes the surprise from what is allowed between the mail's sender and all of its recipients, and
/// ranks the sums anew. Returns how many features that changed.
std::size_t excuse_allowed(const Observations& o, const Allowances& allowances, const Relations& r,
                           const SiteState& site, SurpriseVector& v);

}  // namespace kith
