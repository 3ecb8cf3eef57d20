// SPDX-License-Identifier: Apache-2.0
// One mail before a history, taken apart as assess() does, so that each step of scoring can be
// looked at alone.
#pragma once

#include <memory>

#include "engine/learner/learn.hpp"
#include "engine/scoring/explain.hpp"
#include "engine/scoring/indicators.hpp"
#include "engine/scoring/score.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

namespace kith::test {

struct Scene {
    LearnedMemory memory;
    LearnerOptions learner;
    ScoringOptions options;
    Observations o;
    History history;
    Relations relations;
    FeatureVector values{};
    SurpriseVector surprise;
    std::unique_ptr<Scales> scales;

    Scene& learns(const Observations& mail) {
        learn(mail, test_hasher(), learner, memory);
        return *this;
    }
    /// Twenty ordinary days of anna and of two colleagues.
    Scene& usual() {
        for (int i = 0; i < 20; ++i)
            for (const auto* who : {"anna", "bea", "cy"})
                learns(Mail(std::string(who) + "@partner.example", day(i))
                           .says("gasket order monday"));
        return *this;
    }
    Evidence look(const Observations& mail) {
        o = mail;
        Comparison c = compare(o, memory, test_hasher());
        history = std::move(c.history);
        relations = c.relations;
        values = c.values;
        surprise = c.surprise;
        scales = std::make_unique<Scales>(memory.site());
        return evidence();
    }
    [[nodiscard]] Evidence evidence() const {
        return {o, values, relations, surprise, history, memory.site(), *scales};
    }
    [[nodiscard]] const FeatureSurprise& of(FeatureId f) const {
        return surprise.detail[index_of(f)];
    }
};

inline Mail later(std::string_view from = "anna@partner.example") { return Mail(from, day(21)); }

}  // namespace kith::test
