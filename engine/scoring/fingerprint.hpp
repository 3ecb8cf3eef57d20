// SPDX-License-Identifier: Apache-2.0
// Suspicion hangs on the fingerprint of a held mail, not on its sender (DESIGN 6.5): its surprising
// values and its links. A later mail of that sender that wants something and shows them again is
// judged harder; mail that looks like the sender before the incident is judged as ever. Pure.
// Covered by tests/unit/scoring/fingerprint_test.cpp.
#pragma once

#include "engine/scoring/score.hpp"

namespace kith {

/// What is kept of a mail that was held, or would have been, for what it wants. Empty when nothing
/// in it was surprising.
[[nodiscard]] Fingerprint fingerprint_of(const Observations& o, const Comparison& c,
                                         std::string_view id = {});
/// Adds it; an earlier one of the same mail, those older than kFingerprintKept and the oldest
/// beyond Traces::kMaxFingerprints go. An empty one is not kept.
void leave_fingerprint(Traces& traces, Fingerprint print);
/// The mail with this id was no harm after all, or `id` is none of them.
void lift_fingerprint(Traces& traces, std::string_view id);

inline constexpr Seconds kFingerprintKept{14LL * 86400};
/// From this overlap on a mail that is suspicious itself never teaches.
inline constexpr double kSameHand = .5;

/// How much of what is surprising about a mail was so in a held one of its sender.
struct Suspicion {
    double overlap = 0;      ///< 0-1, by nats; a link counts as much as its surprise at most
    std::size_t shared = 0;  ///< values and links
    Time held{};             ///< when the one most alike came
    double gain = 0;         ///< added to C, >= 0
};
/// Of a mail beside its sender's fingerprints, its own left out, whatever it wants: without gain.
[[nodiscard]] Suspicion overlap_of(const Observations& o, const Comparison& c,
                                   const Traces& traces) noexcept;
/// The same with its gain, which only mail that wants something has: a recovery warning does not.
[[nodiscard]] Suspicion suspicion_of(double own, const Observations& o, const Comparison& c,
                                     Stratum s, const Traces& traces) noexcept;

}  // namespace kith
