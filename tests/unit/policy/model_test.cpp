// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/model.hpp"

#include <cmath>
#include <random>

#include "engine/config/models.hpp"
#include "engine/scoring/score.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/policy/policy_case.hpp"

using namespace kith;
using test::JudgedMail;

namespace {

Model model(std::string name, std::optional<Verdict> action, int priority = 50,
            std::string_view when = "ready") {
    Model m;
    m.name = std::move(name);
    m.file = "/etc/kith/models.d/" + m.name + ".yaml";
    m.live = true;
    m.action = action;
    m.priority = priority;
    auto condition = Expression::parse(when);
    if (!condition) throw std::runtime_error(condition.error().what);
    m.when = std::move(*condition);
    return m;
}

Decision decided(std::vector<Model> models, bool may_delay = true) {
    const JudgedMail mail;
    const ModelSet set{std::move(models), {}, {}};
    Decision d = decide(set, mail.view(), may_delay);
    d.by = nullptr;
    return d;
}

}  // namespace

TEST_CASE("the highest priority decides, among equals the strictest") {
    CHECK(decided({model("a", Verdict::Tag, 60), model("b", Verdict::Quarantine, 50)}).verdict ==
          Verdict::Tag);
    CHECK(decided({model("a", Verdict::Tag), model("b", Verdict::Quarantine),
                   model("c", Verdict::Defer)})
              .verdict == Verdict::Quarantine);
    CHECK(decided({model("a", Verdict::Reject), model("b", Verdict::Quarantine)}).verdict ==
          Verdict::Reject);
    CHECK(decided({}).verdict == Verdict::Pass);
}

TEST_CASE("a live model of higher priority that is milder than another is told") {
    const auto told = [](std::vector<Model> models) {
        std::string out;
        const ModelSet set{std::move(models), {}, {}};
        for (const auto& [by, of] : softenings(set)) out += by->name + " over " + of->name + "; ";
        return out;
    };
    const auto shipped = [](const char* name, Verdict action, int priority) {
        Model m = model(name, action, priority);
        m.file.clear();
        return m;
    };
    const Model hold = shipped("hold", Verdict::Quarantine, 50);
    CHECK(told({model("soft", Verdict::Tag, 60), hold, shipped("delay", Verdict::Defer, 50)}) ==
          "soft over hold; ");
    CHECK(told({model("low", Verdict::Tag), model("same", Verdict::Quarantine, 60), hold}).empty());
    // Those of kith among themselves, and what does not act.
    CHECK(told({shipped("own", Verdict::Tag, 60), hold}).empty());
    Model experimental = model("soft", Verdict::Tag, 60);
    experimental.live = false;
    CHECK(told({experimental, hold}).empty());
    CHECK(told({model("notes", std::nullopt, 60), hold}).empty());
}

TEST_CASE("an experimental model is counted and has no say, a disabled one is nothing") {
    Model experimental = model("a", Verdict::Reject, 100), off = model("b", Verdict::Reject, 100);
    experimental.live = false;
    experimental.tag = "mine";
    experimental.notify = true;
    off.enabled = false;
    const Decision d = decided({experimental, off, model("c", Verdict::Tag)});
    CHECK(d.verdict == Verdict::Tag);
    CHECK(d.tags.empty());
    CHECK_FALSE(d.notify);
    REQUIRE(d.hits.size() == 2);
    CHECK(d.hits[0].name == "a");
    CHECK_FALSE(d.hits[0].live);
    CHECK(d.hits[1].live);
}

TEST_CASE("a delay that is not possible now is no action, and leaves the next one its turn") {
    const auto models = [] {
        return std::vector<Model>{model("a", Verdict::Defer, 60), model("b", Verdict::Tag, 50)};
    };
    CHECK(decided(models(), true).verdict == Verdict::Defer);
    CHECK(decided(models(), false).verdict == Verdict::Tag);
    CHECK(ModelSet{models(), {}, {}}.may_delay());
    CHECK_FALSE(ModelSet{{model("b", Verdict::Tag)}, {}, {}}.may_delay());
    CHECK(ModelSet{{model("b", Verdict::Reject)}, {}, {}}.may_hold());
    CHECK_FALSE(ModelSet{{model("b", Verdict::Tag)}, {}, {}}.may_hold());
    Model off = model("b", Verdict::Quarantine);
    off.enabled = false;
    CHECK_FALSE(ModelSet{{off}, {}, {}}.may_hold());
}

TEST_CASE("a model is concerned by its threshold, directions, domains and days only") {
    const JudgedMail mail;  // score 52, inbound, of 2026-03-02
    Model m = model("a", Verdict::Tag);
    CHECK(m.matches(mail.view()));
    m.threshold = 52;
    CHECK(m.matches(mail.view()));
    m.threshold = 52.1;
    CHECK_FALSE(m.matches(mail.view()));
    m.threshold = 0;
    m.directions = {Direction::Outbound};
    CHECK_FALSE(m.matches(mail.view()));
    m.directions = {Direction::Outbound, Direction::Inbound};
    CHECK(m.matches(mail.view()));
    m.domains = {"example"};
    CHECK(m.matches(mail.view()));
    m.domains = {"site.example"};
    CHECK(m.matches(mail.view()));
    m.domains = {"ite.example"};
    CHECK_FALSE(m.matches(mail.view()));
    m.domains = {"other.example", "partner.example"};
    CHECK(m.matches(mail.view()));
    m.expires = mail.record.time + Seconds(1);
    CHECK(m.matches(mail.view()));
    m.expires = mail.record.time;
    CHECK_FALSE(m.matches(mail.view()));
}

TEST_CASE("a site's model that decides is the first reason; kith's own are none") {
    JudgedMail mail;
    mail.record.assessment.verdict = Verdict::Tag;
    Model m = model("new-accounts", Verdict::Quarantine, 60);
    m.description = "an account nobody knows";
    m.tag = "finance-check";
    apply_models({{m}, {}, {}}, mail.record, mail.budget, false);
    const Assessment& a = mail.record.assessment;
    CHECK(a.verdict == Verdict::Quarantine);
    CHECK(a.decided_by == "new-accounts");
    REQUIRE_FALSE(a.reasons.empty());
    CHECK(a.reasons.front().text == "the site's model new-accounts: an account nobody knows");
    CHECK(a.tags.back() == "finance-check");

    JudgedMail other;
    other.record.assessment.p = .0005;
    other.record.assessment.verdict = Verdict::Quarantine;
    apply_models(shipped_models(), other.record, other.budget, false);
    CHECK(other.record.assessment.decided_by == "budget-hold");
    CHECK(other.record.assessment.verdict == Verdict::Quarantine);
    CHECK(other.record.assessment.reasons.empty());
}

TEST_CASE("at most so many models are told of a mail") {
    std::vector<Model> models;
    for (std::size_t i = 0; i <= kMaxModelHits; ++i)
        models.push_back(model("m" + std::to_string(100 + i), Verdict::Tag));
    CHECK(decided(models).hits.size() == kMaxModelHits);
}

TEST_CASE("kith's own live models spend the budget exactly as scoring does") {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> evidence(0, 5), per_1000(0, 30);
    int held = 0, tagged = 0, delayed = 0;
    for (int i = 0; i < 5000; ++i) {
        JudgedMail mail;
        mail.budget.holds_per_1000 = i % 7 == 0 ? 0 : per_1000(random) / 3;
        mail.budget.tags_per_1000 = mail.budget.holds_per_1000 + per_1000(random);
        mail.budget.delays_per_1000 =
            i % 3 == 0 ? 0 : mail.budget.holds_per_1000 + per_1000(random) / 3;
        const double c = evidence(random);
        Assessment& a = mail.record.assessment;
        a.p = std::pow(10, -c);
        a.ready = i % 5 != 0;
        a.stratum = static_cast<Stratum>(i % kStratumCount);
        a.delayed = i % 11 == 0;
        a.tags.clear();
        a.indicators.clear();
        const Direction d = i % 4 == 0 ? Direction::Outbound : Direction::Inbound;
        mail.record.observations.direction = d;
        Verdict wanted = verdict_of(c, a.ready, mail.budget);
        if (!a.delayed && is_worth_delay(c, a.ready, d, a.stratum, mail.budget))
            wanted = Verdict::Defer;
        const Decision by_models = decide(shipped_models(), mail.view(), true);
        INFO("mail " << i << ", C " << c);
        REQUIRE(by_models.verdict == wanted);
        held += wanted == Verdict::Quarantine ? 1 : 0;
        tagged += wanted == Verdict::Tag ? 1 : 0;
        delayed += wanted == Verdict::Defer ? 1 : 0;
    }
    CHECK(held > 100);
    CHECK(tagged > 100);
    CHECK(delayed > 50);
}
