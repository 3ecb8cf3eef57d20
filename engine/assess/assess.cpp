// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/assess.hpp"

#include <algorithm>
#include <cmath>

namespace kith {
namespace {

constexpr std::size_t kReasons = 8;
constexpr double kExplainFrom =
    1;  // C: reasons are made for the 1 in 10 that somebody may ask about

}  // namespace

Judgement assess(const Observations& o, const Labels& labels, const AssessContext& context) {
    const SiteState& site = context.memory.site();
    const ScoringOptions& options = context.options;

    // Compare: how far each value is from what the claimed sender, its domain, the site do.
    Judgement j{compare(o, context.memory, context.hasher)};
    const Evidence e{o, j.values, j.relations, j.surprise, j.history, site, context.scales};

    // Score: what does it want, how suspicious is that, how often is genuine mail as suspicious.
    Assessment& a = j.assessment;
    j.backed = is_backed(e);
    a.stratum = stratum_of(e);
    a.raw = raw_score(a.stratum, site.experts, j.surprise.x);
    a.own_evidence = own_evidence(e, a.stratum, a.raw, options);
    j.level_free_evidence = level_free_evidence(e, a.stratum, a.raw, options);
    const double joint =
        joint_evidence(a.own_evidence, e, a.stratum, context.memory.traces(o.sender));
    a.p = std::pow(10, -joint);
    a.score = score_of(joint);

    // Indicate and decide.
    a.ready = is_ready(context.scales, o.direction, a.stratum, options);
    a.verdict = verdict_of(joint, a.ready, options);
    j.indicator_strengths = indicator_strengths(e);
    a.indicators = indicator_scores(e, j.indicator_strengths);
    a.tags = tags_of({e, a.indicators, a.stratum, a.score});
    if (joint >= kExplainFrom) {
        a.reasons = reasons_for(e, a.stratum, labels, kReasons);
        a.would_pass = what_would_pass(e, a.stratum, joint, a.verdict, labels, options);
    }
    return j;
}

}  // namespace kith
