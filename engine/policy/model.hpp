// SPDX-License-Identifier: Apache-2.0
// Models: what an admin (and kith itself: conf/models.d) wants done with which mail. The rule that
// spends the budget is three of them. A model is a condition over the record of a mail and an
// action; an experimental one is counted and never acts. A model of accounts is for hunting: over
// single events, or over steps that one account made (step_search.hpp). Pure. Covered by
// tests/unit/policy/model_test.cpp. The files: engine/config/models.hpp, kith-models(5).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/policy/expression.hpp"

namespace kith {

/// One of the things that happened on one account.
struct ModelStep {
    std::string name;  ///< in words
    Expression when;
    std::string attack;  ///< as Model::attack
};
inline constexpr std::size_t kMaxModelSteps = 16;

struct Model {
    std::string name;           ///< [a-z0-9-], unique
    std::string description;    ///< a sentence; reasons repeat it
    std::string file;           ///< where it is written; "" of one that kith brings along
    std::string overridden_by;  ///< file that changed some of it, "" when none
    PolicySubject about = PolicySubject::Mail;
    bool enabled = true;
    bool live = false;  ///< else experimental: counts and reports, never acts
    Expression when;
    double threshold = 0;           ///< score from which on it applies
    int priority = 50;              ///< 0-100; the highest that acts decides
    std::optional<Verdict> action;  ///< Tag, Quarantine, Defer, Reject; none: only tag and notify
    bool notify = false;            ///< the log and alerts tell each mail
    std::string tag;                ///< shown with the mail, "" for none
    std::vector<Direction> directions;  ///< only these; none: all
    std::vector<std::string>
        domains;                  ///< only mail from or to these and their subdomains; none: all
    std::optional<Time> expires;  ///< not from then on
    std::string attack;           ///< technique of MITRE ATT&CK: "T1566.002"

    // Of accounts only.
    std::vector<ModelStep> steps;  ///< all by one account; none: `when` alone
    Seconds within{};              ///< from the first step to the last
    bool any_order = false;        ///< else each step comes after the one before

    [[nodiscard]] bool is_shipped() const noexcept { return file.empty(); }
    /// Whether the mail or event is its concern: scope, threshold, time (the mail's) and condition.
    /// Of one that is not enabled too.
    [[nodiscard]] bool matches(const PolicyCase& c) const;
    /// Bit per step that the event is. REQUIRES: an event.
    [[nodiscard]] std::uint32_t steps_of(const PolicyCase& c) const;
};

/// All models of a site, ordered by name. Immutable once made.
struct ModelSet {
    std::vector<Model> models;
    PolicyGroups groups;
    std::string sources;  ///< names and texts of what it was read from, one after the other
    [[nodiscard]] const Model* find(std::string_view name) const noexcept;
    /// One that is enabled and live may answer 451.
    [[nodiscard]] bool may_delay() const noexcept;
    /// One that is enabled and live may hold or reject.
    [[nodiscard]] bool may_hold() const noexcept;
};

struct Decision {
    Verdict verdict = Verdict::Pass;
    const Model* by = nullptr;   ///< whose action it is; null: nobody's, Pass
    std::vector<ModelHit> hits;  ///< all that match and are enabled, ordered by name
    std::vector<std::string> tags;
    bool notify = false;
};

/// The live model of the highest priority whose action can be done decides; among equals the
/// strictest. `may_delay`: a 451 is possible now.
[[nodiscard]] Decision decide(const ModelSet& models, const PolicyCase& c, bool may_delay);

/// A live model that takes the word from a stricter one, since its priority is higher: mail that
/// both match is not held, or not delayed.
struct Softening {
    const Model* by = nullptr;
    const Model* of = nullptr;
};
/// Of models of mail that are enabled; one for each `by`: the strictest that it overrules. Kith's
/// own among themselves are left out.
[[nodiscard]] std::vector<Softening> softenings(const ModelSet& models);

/// decide(), written into the record: verdict, hits, tags, and the reason where another model than
/// kith's own decided.
void apply_models(const ModelSet& models, MailRecord& record, const ScoringOptions& budget,
                  bool may_delay);

/// Models of a mail that are told; the rest is left out.
inline constexpr std::size_t kMaxModelHits = 16;

}  // namespace kith
