// SPDX-License-Identifier: Apache-2.0
// Migrations (DESIGN 6.6): a value that is new for three senders of a domain within a day, or for
// three domains of the site, is a new server, relay or program of theirs, and no evidence against
// any of them. Only what the From domain itself vouches for makes or uses one, and only values of
// the way a mail takes: never links or requests. Pure. Covered by
// tests/unit/scoring/migration_test.cpp.
#pragma once

#include "engine/scoring/surprises.hpp"

namespace kith {

inline constexpr Seconds kMigrationWindow{86400};
inline constexpr std::size_t kMigrants = 3;

/// Takes the surprise from values that others of the domain, or other domains, changed to as well.
void excuse_migrants(const Observations& o, const History& history, const SiteState& site,
                     SurpriseVector& v) noexcept;

/// What is new to this mail's sender, or its domain, goes on the lists of `domain` and `site`.
/// REQUIRES: the mail may teach at once.
void note_migrants(const Observations& o, const Comparison& c, Migrations& domain,
                   Migrations& site);

/// A value is new for as many of these as made the list within the window before `now`.
[[nodiscard]] bool is_migration(const Migrations& list, std::size_t feature, std::uint32_t value,
                                std::uint32_t bearer, Time now) noexcept;

}  // namespace kith
