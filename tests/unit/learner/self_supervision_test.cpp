// SPDX-License-Identifier: Apache-2.0
// The experts' teacher (engine/learner/self_supervision.hpp), on a site where a sender's client is
// its own and the charset is everybody's.
#include "engine/learner/self_supervision.hpp"

#include "engine/learner/learn.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct School {
    ScoringOptions scoring;
    LearnerOptions options;
    LearnedMemory memory;
    SelfSupervision teacher{test_hasher(), memory.examples()};

    void takes(const Observations& o, bool teaches = true) {
        const Scales scales(memory.site());
        const Judgement j = assess(o, Labels{}, {memory, scales, test_hasher(), scoring});
        Judgement counted = j;
        note(o, counted, teaches ? Fate::Now : Fate::Never, memory);
        teacher.observe(o, j, teaches, memory);
        if (teaches) learn(o, test_hasher(), options, memory);
    }
    /// `rounds` mails of each of twelve people.
    void year(int rounds) {
        for (int i = 0; i < rounds; ++i)
            for (int who = 0; who < 12; ++who) {
                const std::string name = "p" + std::to_string(who);
                takes(Mail(name + "@d" + name + ".example", day(i + who / 24.0))
                          .shows(FeatureId::time_zone, name)
                          .shows(FeatureId::user_agent, name)
                          .shows(FeatureId::charset, "utf-8"));
            }
    }
    [[nodiscard]] float weight(Expert e, FeatureId f) const {
        return memory.site().experts.weights[static_cast<std::size_t>(e)][index_of(f)];
    }
};

}  // namespace

TEST_CASE("a fit is due after five hundred mails, later after two thousand") {
    School s;
    s.year(41);  // 492
    CHECK_FALSE(s.teacher.due(0));
    s.year(1);
    CHECK(s.teacher.due(0));
    CHECK_FALSE(s.teacher.due(1));
    s.teacher.refit(s.memory.edit_site());
    CHECK_FALSE(s.teacher.due(1));
}

TEST_CASE("held mail makes no fit due") {
    School s;
    for (int i = 0; i < 600; ++i) s.takes(Mail("anna@partner.example", day(i / 100.0)), false);
    CHECK_FALSE(s.teacher.due(0));
}

TEST_CASE("what is a sender's own gets weight, what is everybody's does not") {
    School s;
    s.year(60);
    s.teacher.refit(s.memory.edit_site());
    CHECK(s.memory.site().experts.version == 1);
    for (const Expert e : {Expert::Client, Expert::Spoof}) {
        CHECK(s.weight(e, FeatureId::time_zone) > 0.3F);
        CHECK(s.weight(e, FeatureId::time_zone) > s.weight(e, FeatureId::charset));
        // Never seen in own mail: the prior.
        CHECK(s.weight(e, FeatureId::payment_data) == Approx(0.3).margin(1e-3));
    }
    CHECK(s.weight(Expert::Client, FeatureId::auth_triple) == 0);
    CHECK(s.weight(Expert::Text, FeatureId::text_asks) == 1);
}

TEST_CASE("the same mail teaches the same") {
    School a, b;
    a.year(45);
    b.year(45);
    a.teacher.refit(a.memory.edit_site());
    b.teacher.refit(b.memory.edit_site());
    CHECK(a.memory.site().experts.weights == b.memory.site().experts.weights);
    CHECK(a.memory.site().experts.bias == b.memory.site().experts.bias);
}

TEST_CASE("a fit after a restart is the fit without one") {
    School steady, restarted;
    MemoryStore store;
    const auto restart = [&] {
        REQUIRE(restarted.memory.flush(store));
        restarted.memory.flushed();
        School again;
        again.memory.read_from(&store);
        REQUIRE(*again.memory.load_site() == 0);
        CHECK(again.memory.examples().since_fit() == restarted.memory.examples().since_fit());
        again.teacher.refit(again.memory.edit_site());
        return again.memory.site().experts;
    };
    steady.year(40);
    restarted.year(40);
    const ExpertModel again = restart();
    steady.teacher.refit(steady.memory.edit_site());
    CHECK(again.weights == steady.memory.site().experts.weights);
    CHECK(again.bias == steady.memory.site().experts.bias);
}

TEST_CASE("after a fit the calibration speaks of the new model") {
    School s;
    s.year(60);
    const auto& ring = s.memory.site().scores[0][static_cast<std::size_t>(Stratum::Plain)];
    const auto before = ring.values();
    REQUIRE(before.size() > 400);
    s.teacher.refit(s.memory.edit_site());
    CHECK(ring.values().size() == before.size());
    CHECK(ring.values() != before);
}
