// SPDX-License-Identifier: Apache-2.0
// The pipeline of one mail from top to bottom (engine/assess/assess.hpp).
#include "engine/assess/assess.hpp"

#include <cmath>

#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// A site whose calibration is ready: 3,000 mails at 0 in the strata that matter.
Scene& ready(Scene& s) {
    s.usual();
    auto& site = s.memory.edit_site();
    for (int i = 0; i < 1000; ++i)
        for (const std::size_t stratum : {1U, 2U, 4U})
            site.scores[0][stratum].add(0.01F * static_cast<float>(i % 50));
    site.stratum_mails[0] = {1, 60, 30, 9, 900};
    return s;
}

Judgement judge(const Scene& s, const Observations& o, const Memory& memory) {
    const Scales scales(memory.site());
    return assess(o, Labels{}, {memory, scales, test_hasher(), s.options});
}

Mail odd() {
    Mail mail = later()
                    .links_to("new.example", "page")
                    .asks_for({Ask::Login, Ask::Expire})
                    .shows(FeatureId::time_zone, "+0900")
                    .shows(FeatureId::user_agent, "Unheard");
    mail.get().links.front().asks = mail.get().asks;
    return mail;
}

/// What `behind` knows, and that every account is at risk.
struct Risky final : Memory {
    explicit Risky(const Memory& m) : behind(m) {}
    std::shared_ptr<const Profile> profile(Subject s, const Key16& k) const override {
        return behind.profile(s, k);
    }
    std::shared_ptr<const Vocabulary> vocabulary(const Key16& k) const override {
        return behind.vocabulary(k);
    }
    SiteWord word(std::uint32_t w) const override { return behind.word(w); }
    std::shared_ptr<const Thread> thread(std::uint64_t m) const override {
        return behind.thread(m);
    }
    HostUse host(std::uint64_t h) const override { return behind.host(h); }
    NameUse name(std::uint64_t n) const override { return behind.name(n); }
    Traces traces(const Key16& k) const override { return behind.traces(k); }
    const SiteState& site() const override { return behind.site(); }
    double account_risk(const Key16&, Time) const override { return risk; }

    const Memory& behind;
    double risk = 0;
};

}  // namespace

TEST_CASE("nothing learned yet: everything passes, nothing is ready") {
    Scene s;
    const Judgement j = judge(s, odd(), s.memory);
    CHECK(j.assessment.verdict != Verdict::Quarantine);
    CHECK_FALSE(j.assessment.ready);
    CHECK(j.history.profile == nullptr);
    CHECK(j.assessment.degraded.empty());
}

TEST_CASE("an ordinary mail of a known sender passes with a low score and needs no reasons") {
    Scene s;
    ready(s);
    const Judgement j = judge(s, later().says("gasket order"), s.memory);
    CHECK(j.assessment.verdict == Verdict::Pass);
    CHECK(j.assessment.stratum == Stratum::Plain);
    CHECK(j.assessment.score < 20);
    CHECK(j.assessment.would_pass.empty());
    CHECK(j.backed);
}

TEST_CASE("a known sender's mail with a new link from a foreign client is held, with reasons") {
    Scene s;
    ready(s);
    const Judgement j = judge(s, odd(), s.memory);
    const Assessment& a = j.assessment;
    CHECK(a.stratum == Stratum::NewLink);
    CHECK(a.ready);
    CHECK(a.verdict == Verdict::Quarantine);
    CHECK(a.score >= 60);
    CHECK_FALSE(a.reasons.empty());
    CHECK_FALSE(a.would_pass.empty());
}

TEST_CASE("score, P and evidence say the same") {
    Scene s;
    ready(s);
    const Judgement j = judge(s, odd(), s.memory);
    CHECK(j.assessment.score == Approx(std::min(100.0, -20 * std::log10(j.assessment.p))));
    CHECK(j.assessment.own_evidence <= -std::log10(j.assessment.p) + 1e-9);
    CHECK(j.level_free_evidence == Approx(j.assessment.own_evidence));  // no shift below 1000 mails
}

TEST_CASE("the same mail before the same history is judged the same") {
    Scene s;
    ready(s);
    const Judgement a = judge(s, odd(), s.memory), b = judge(s, odd(), s.memory);
    CHECK(a.assessment.p == b.assessment.p);
    CHECK(a.assessment.raw == b.assessment.raw);
    CHECK(a.indicator_strengths == b.indicator_strengths);
}

TEST_CASE("a sender's other mails of the last hours raise the score") {
    Scene s;
    ready(s);
    const double alone = judge(s, odd(), s.memory).assessment.p;
    Trace t = trace_of(odd(), 3, true);
    t.rcpt_set = 1;
    t.message_id = 1;
    s.memory.edit_traces(person("anna@partner.example")).items = {t};
    CHECK(judge(s, odd(), s.memory).assessment.p <= alone);
    CHECK(judge(s, odd(), s.memory).assessment.own_evidence ==
          Approx(judge(s, odd(), s.memory).assessment.own_evidence));
}

TEST_CASE("a mail worth a delay gets the verdict only where it may, and not at its retry") {
    Scene s;
    ready(s);
    s.options.holds_per_1000 = 0;
    s.options.delays_per_1000 = 100;
    const auto verdict = [&](Attempt attempt) {
        return assess(odd(), Labels{},
                      {s.memory, Scales(s.memory.site()), test_hasher(), s.options, attempt})
            .assessment;
    };
    CHECK(verdict({}).verdict == Verdict::Tag);
    CHECK(verdict({true, {}}).verdict == Verdict::Defer);
    CHECK_FALSE(verdict({true, {}}).would_pass.empty());
    CHECK(verdict({true, day(20)}).verdict == Verdict::Tag);
    CHECK(verdict({true, day(20)}).delayed);
}

TEST_CASE("that other mails decided is the first reason") {
    Scene s;
    ready(s);
    const Mail mail = later().links_to("new.example", "page");
    s.options.holds_per_1000 =
        1000 * std::pow(10, -judge(s, mail, s.memory).assessment.own_evidence - 1);
    Trace t = trace_of(mail, 8, true);
    t.rcpt_set = 1;
    t.message_id = 1;
    s.memory.edit_traces(person("anna@partner.example")).items = {t};
    const Assessment a = judge(s, mail, s.memory).assessment;
    REQUIRE_FALSE(a.reasons.empty());
    CHECK(a.reasons.front().feature == "other_mails");
    CHECK(a.reasons.front().text ==
          "1 other mail of this sender in the last two hours, to other people, 1 with the same "
          "link or words, held before");
}

TEST_CASE("what happened on the account that sent a mail counts, and is told") {
    Scene s;
    s.usual();
    Risky memory(s.memory);
    Mail mail = odd();
    mail.get().direction = Direction::Outbound;
    const Assessment calm = judge(s, mail, memory).assessment;
    memory.risk = 60;
    const Assessment risky = judge(s, mail, memory).assessment;
    CHECK(risky.own_evidence == calm.own_evidence);
    CHECK(std::log10(risky.p) == Approx(std::log10(calm.p) - 1));
    CHECK(risky.account_risk == 60);
    bool told = false;
    for (const Reason& r : risky.reasons) told = told || r.feature == "account_risk";
    CHECK(told);
    mail.get().direction = Direction::Inbound;
    CHECK(judge(s, mail, memory).assessment.account_risk == 0);
}

TEST_CASE("with a budget of nothing held a mail is tagged at most") {
    Scene s;
    ready(s);
    s.options.holds_per_1000 = 0;
    CHECK(judge(s, odd(), s.memory).assessment.verdict == Verdict::Tag);
}
