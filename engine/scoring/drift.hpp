// SPDX-License-Identifier: Apache-2.0
// Is a correspondent becoming somebody else, one small step at a time? Every step is learned, so
// that the next one surprises little; but together they surprise more often than this correspondent
// used to. Pure. Covered by tests/unit/scoring/drift_test.cpp.
#pragma once

#include "engine/profile/experts.hpp"
#include "engine/profile/profile.hpp"

namespace kith {

/// Mails that the two means forget by a factor of e in, and those a profile needs to be told of.
inline constexpr float kDriftFast = 8, kDriftSlow = 64, kDriftKnown = 24;

/// How unusual the way of the mail is: transport, submission, client and quoting, in nats. What it
/// says and wants changes with every mail.
[[nodiscard]] double way_surprise(const Surprises& x) noexcept;

/// Moves both means of a learned mail's sender on. REQUIRES: `sender.ever` does not count it yet.
void learn_drift(Profile& sender, double way_surprise) noexcept;

/// By how many nats a mail the sender's last ones surprised more than many before. 0 when fewer
/// than kDriftKnown are known, and never below.
[[nodiscard]] double drift_of(const Profile& sender) noexcept;
/// The same, counting one more mail as the last.
[[nodiscard]] double drift_of(const Profile& sender, double way_surprise) noexcept;

}  // namespace kith
