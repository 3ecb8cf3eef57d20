// SPDX-License-Identifier: Apache-2.0
// One mail's score: stratum, raw score of the experts, calibration, evidence over messages
// (DESIGN 5.2-5.4). Pure. Covered by tests/unit/scoring/score_test.cpp.
#pragma once

#include <optional>

#include "engine/scoring/assessment.hpp"
#include "engine/scoring/options.hpp"
#include "engine/scoring/scales.hpp"
#include "engine/scoring/surprises.hpp"

namespace kith {

/// Everything known about one mail when it is scored. References must outlive the call.
struct Evidence {
    const Observations& observations;
    const FeatureVector& values;
    const Relations& relations;
    const SurpriseVector& surprise;
    const History& history;
    const SiteState& site;
    const Scales& scales;
};

/// Does anything speak for the claimed sender: the From domain itself vouches for the mail (aligned
/// DKIM or SPF, RFC 7489), or it comes as this sender's mail usually does (authentication results
/// and aligned signer with p >= .03).
[[nodiscard]] bool is_backed(const Evidence& e) noexcept;
/// How surprising these asks (bits as in Observations::asks) are, in nats: the more sender and site
/// are used to them, the less they count.
[[nodiscard]] double asked_surprise(std::uint32_t asks, const Surprises& x) noexcept;
[[nodiscard]] Stratum stratum_of(const Evidence& e) noexcept;
/// A payload is what can do harm: strata NewLink and Request, and Identity.
[[nodiscard]] constexpr bool has_payload(Stratum s) noexcept {
    return s == Stratum::Identity || s == Stratum::NewLink || s == Stratum::Request;
}
/// The stratum's raw score: the ways an attack of its kind could come about, each the sum of what
/// its experts say, as one mixture of likelihood ratios (log of the sum). Finite; never falls when
/// a surprise grows.
[[nodiscard]] double raw_score(Stratum s, const ExpertModel& experts, const Surprises& x) noexcept;
/// Its slope by every surprise at `x`: what explanations multiply with the surprise.
[[nodiscard]] std::array<double, kFeatureCount> raw_slope(Stratum s, const ExpertModel& experts,
                                                          const Surprises& x) noexcept;
/// C before the level is put right: -log10 P with P = p_stratum * share of genuine mail / share of
/// the budget, within [0, 8].
[[nodiscard]] double level_free_evidence(const Evidence& e, Stratum s, double raw,
                                         const ScoringOptions& options) noexcept;
/// C of this mail alone: with the level shift of its direction and of senders known as well.
[[nodiscard]] double own_evidence(const Evidence& e, Stratum s, double raw,
                                  const ScoringOptions& options) noexcept;
/// What a mail gains from its sender's other payload mails, each to other recipients.
struct OtherMails {
    int mails = 0;      ///< of the two hours before the mail's first attempt, or since
    int alike = 0;      ///< of those, with the same link or the same words
    bool held = false;  ///< one of them was held
    double gain = 0;    ///< added to C, >= 0
};
/// Whether other mail of its sender may add to C: not for an ordinary mail, or one that only asks,
/// without a new link, payment data or money words, and is not unusual by itself.
[[nodiscard]] bool may_gain(double own, const Observations& o, const Relations& r,
                            Stratum s) noexcept;
/// Nothing for an ordinary mail, or one that only asks, without a new link, payment data or money
/// words, and is not unusual by itself. `delayed_since`: when its
/// first attempt was answered 451; what came since counts, however late the retry.
[[nodiscard]] OtherMails other_mails(double own, const Evidence& e, Stratum s, const Traces& traces,
                                     std::optional<Time> delayed_since = std::nullopt) noexcept;
/// What is unusual of late on the login that submitted the mail adds to C, under the same
/// condition: half the powers of ten by which its risk (0-100) is rarer than 1 account-day in 10.
/// Half, because where the login came from shows in the mail as well. Within [0, 2].
[[nodiscard]] double account_gain(double own, double account_risk, const Observations& o,
                                  const Relations& r, Stratum s) noexcept;
/// C with what the sender's other mails add; >= own.
[[nodiscard]] double joint_evidence(double own, const OtherMails& others) noexcept;
[[nodiscard]] double joint_evidence(double own, double gain) noexcept;
/// What this mail leaves behind for the next ones; only mail with a payload or a new link does.
[[nodiscard]] Trace trace_of(const Observations& o, double own_evidence, bool held,
                             std::string_view id = {});
/// Adds it; the one that an earlier attempt of the same mail left, those older than two hours and
/// the oldest beyond Traces::kMax go.
void leave_trace(Traces& traces, Trace trace);

/// 0-100 from C: 20 points a power of ten.
[[nodiscard]] double score_of(double evidence) noexcept;
/// Enough calibration mail of the direction and stratum to hold something.
[[nodiscard]] bool is_ready(const Scales& scales, Direction d, Stratum s,
                            const ScoringOptions& options) noexcept;
/// Genuine mails per 1000 that the budget allows to get the verdict: a mail gets it whose P is
/// below. Pass and Reject: as Tag.
[[nodiscard]] double limit_of(Verdict verdict, const ScoringOptions& options) noexcept;
/// The rule: P against the budget; Tag at most while not ready.
[[nodiscard]] Verdict verdict_of(double evidence, bool ready,
                                 const ScoringOptions& options) noexcept;
/// Not enough to be held, but enough to be asked to come again: a mail from outside with a payload
/// whose P lies within delays_per_1000. Never while not ready.
[[nodiscard]] bool is_worth_delay(double evidence, bool ready, Direction d, Stratum s,
                                  const ScoringOptions& options) noexcept;

}  // namespace kith
