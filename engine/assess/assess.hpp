// SPDX-License-Identifier: Apache-2.0
// The pipeline of one mail; start reading here. Pure: no clock, no I/O, no log. Covered by
// tests/unit/assess/assess_test.cpp.
#pragma once

#include "engine/features/observe.hpp"
#include "engine/scoring/allow.hpp"
#include "engine/scoring/explain.hpp"
#include "engine/scoring/fingerprint.hpp"
#include "engine/scoring/indicators.hpp"
#include "engine/scoring/score.hpp"
#include "engine/scoring/tags.hpp"

namespace kith {

/// Everything scoring found; the learner goes on from here.
struct Judgement : Comparison {
    Assessment assessment{};
    std::array<double, kIndicatorCount> indicator_strengths{};
    double level_free_evidence =
        0;  ///< C of this mail alone without the level shift: input of the shift itself
    bool backed = true;
    Suspicion suspicion{};  ///< what it has in common with held mail of its sender
};

/// What is known of the attempts to deliver a mail.
struct Attempt {
    bool may_delay = false;             ///< a 451 would be answered, and the mail delivered again
    std::optional<Time> delayed_since;  ///< this is the retry: when the first attempt came
};

struct AssessContext {
    const Memory& memory;
    const Scales& scales;
    const Hasher& hasher;
    const ScoringOptions& options;
    Attempt attempt{};
};

/// Scores what was observed as the mail of the sender it claims. `labels` may be empty
/// (relearning): reasons lack plain values then, nothing else changes.
[[nodiscard]] Judgement assess(const Observations& observations, const Labels& labels,
                               const AssessContext& context);

}  // namespace kith
