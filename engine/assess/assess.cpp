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
    excuse_allowed(o, context.memory.allowances(o.sender), j.relations, site, j.surprise);
    const Evidence e{o, j.values, j.relations, j.surprise, j.history, site, context.scales};

    // Score: what does it want, how suspicious is that, how often is genuine mail as suspicious.
    Assessment& a = j.assessment;
    j.backed = is_backed(e);
    a.stratum = stratum_of(e);
    a.raw = raw_score(a.stratum, site.experts, j.surprise.x);
    a.own_evidence = own_evidence(e, a.stratum, a.raw, options);
    j.level_free_evidence = level_free_evidence(e, a.stratum, a.raw, options);
    const Traces traces = context.memory.traces(o.sender);
    const OtherMails others =
        other_mails(a.own_evidence, e, a.stratum, traces, context.attempt.delayed_since);
    j.suspicion = suspicion_of(a.own_evidence, o, j, a.stratum, traces);
    if (o.direction != Direction::Inbound)
        a.account_risk = context.memory.account_risk(o.submitted_by(), o.time);
    const double risky = account_gain(a.own_evidence, a.account_risk, o, j.relations, a.stratum);
    const double joint = joint_evidence(a.own_evidence, others.gain + j.suspicion.gain + risky);
    a.p = std::pow(10, -joint);
    a.score = score_of(joint);

    // Indicate and decide.
    a.ready = is_ready(context.scales, o.direction, a.stratum, options);
    a.verdict = verdict_of(joint, a.ready, options);
    a.delayed = context.attempt.delayed_since.has_value();
    if (context.attempt.may_delay && !a.delayed &&
        is_worth_delay(joint, a.ready, o.direction, a.stratum, options))
        a.verdict = Verdict::Defer;
    j.indicator_strengths = indicator_strengths(e);
    a.indicators = indicator_scores(e, j.indicator_strengths);
    a.known = {j.relations.messages, j.relations.known_days, j.relations.received,
               j.relations.new_link};
    a.tags = tags_of({e, a.indicators, a.stratum, a.score, a.account_risk});
    if (joint >= kExplainFrom) {
        a.reasons = reasons_for(e, a.stratum, labels, kReasons);
        const double wanted = -std::log10(limit_of(a.verdict, options) / 1000);
        // What decided comes first: the log line, the header and the reason for holding tell it.
        const auto tell = [&](Reason reason) {
            a.reasons.insert(a.own_evidence < wanted ? a.reasons.begin() : a.reasons.end(),
                             std::move(reason));
        };
        if (j.suspicion.gain > 0) tell(reason_of(j.suspicion, o.time));
        if (risky > 0) tell(reason_of_account(a.account_risk, risky));
        if (others.gain > 0)
            tell(reason_of(others,
                           std::max(0.0, joint - a.own_evidence - j.suspicion.gain - risky)));
        a.would_pass = what_would_pass(e, a.stratum, joint, a.verdict, labels, options);
    }
    return j;
}

}  // namespace kith
