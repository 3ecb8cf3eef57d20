// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/model.hpp"

#include <algorithm>

#include "engine/base/text.hpp"
#include "engine/scoring/tags.hpp"

namespace kith {
namespace {

/// How strict a verdict is; Defer is weaker than holding and stronger than telling.
int strictness(Verdict v) noexcept {
    switch (v) {
        case Verdict::Pass:
            return 0;
        case Verdict::Tag:
            return 1;
        case Verdict::Defer:
            return 2;
        case Verdict::Quarantine:
            return 3;
        case Verdict::Reject:
            return 4;
    }
    return 0;
}

bool is_within(std::string_view address, std::string_view domain) {
    return is_domain_or_below(domain_of(address), domain);
}

bool concerns(const std::string& domain, const MailRecord& r) {
    return is_within(r.from, domain) || is_within(r.mail_from, domain) ||
           std::any_of(r.rcpts.begin(), r.rcpts.end(),
                       [&](const std::string& rcpt) { return is_within(rcpt, domain); });
}

bool beats(const Model& a, const Model* b) {
    if (b == nullptr || a.priority != b->priority) return b == nullptr || a.priority > b->priority;
    return strictness(*a.action) > strictness(*b->action);
}

}  // namespace

bool Model::matches(const PolicyCase& c) const {
    if (c.subject() != about) return false;
    if (about == PolicySubject::Accounts) return when.holds(c);
    const MailRecord& r = c.record();
    if (r.assessment.score < threshold || (expires && r.time >= *expires)) return false;
    if (!directions.empty() && std::find(directions.begin(), directions.end(),
                                         r.observations.direction) == directions.end())
        return false;
    if (!domains.empty() && std::none_of(domains.begin(), domains.end(),
                                         [&](const auto& domain) { return concerns(domain, r); }))
        return false;
    return when.holds(c);
}

std::uint32_t Model::steps_of(const PolicyCase& c) const {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (steps[i].when.holds(c)) bits |= 1U << i;
    return bits;
}

const Model* ModelSet::find(std::string_view name) const noexcept {
    const auto at =
        std::find_if(models.begin(), models.end(), [&](const Model& m) { return m.name == name; });
    return at == models.end() ? nullptr : &*at;
}

bool ModelSet::may_delay() const noexcept {
    return std::any_of(models.begin(), models.end(), [](const Model& m) {
        return m.enabled && m.live && m.action == Verdict::Defer;
    });
}

bool ModelSet::may_hold() const noexcept {
    return std::any_of(models.begin(), models.end(), [](const Model& m) {
        return m.enabled && m.live &&
               (m.action == Verdict::Quarantine || m.action == Verdict::Reject);
    });
}

Decision decide(const ModelSet& models, const PolicyCase& c, bool may_delay) {
    Decision out;
    for (const Model& m : models.models) {
        if (!m.enabled || !m.matches(c)) continue;
        if (m.action == Verdict::Defer && !may_delay) continue;
        if (out.hits.size() < kMaxModelHits) out.hits.push_back({m.name, m.live});
        if (!m.live) continue;
        if (!m.tag.empty()) out.tags.push_back(m.tag);
        out.notify = out.notify || m.notify;
        if (m.action && beats(m, out.by)) out.by = &m;
    }
    if (out.by != nullptr) out.verdict = *out.by->action;
    return out;
}

std::vector<Softening> softenings(const ModelSet& models) {
    const auto acts = [](const Model& m) {
        return m.about == PolicySubject::Mail && m.enabled && m.live && m.action;
    };
    std::vector<Softening> out;
    for (const Model& by : models.models) {
        if (!acts(by)) continue;
        const Model* overruled = nullptr;
        for (const Model& of : models.models) {
            if (!acts(of) || (by.is_shipped() && of.is_shipped())) continue;
            if (of.priority >= by.priority || strictness(*of.action) <= strictness(*by.action))
                continue;
            if (overruled == nullptr || strictness(*of.action) > strictness(*overruled->action))
                overruled = &of;
        }
        if (overruled != nullptr) out.push_back({&by, overruled});
    }
    return out;
}

void apply_models(const ModelSet& models, MailRecord& record, const ScoringOptions& budget,
                  bool may_delay) {
    Decision d = decide(models, {record, budget}, may_delay);
    Assessment& a = record.assessment;
    const Verdict by_budget = a.verdict;
    a.verdict = d.verdict;
    a.models = std::move(d.hits);
    a.notify = d.notify;
    for (auto& tag : d.tags)
        if (a.tags.size() < kMaxTags &&
            std::find(a.tags.begin(), a.tags.end(), tag) == a.tags.end())
            a.tags.push_back(std::move(tag));
    a.decided_by = d.by == nullptr ? "" : d.by->name;
    if (d.by == nullptr || d.by->is_shipped() || d.verdict == by_budget) return;
    a.reasons.insert(a.reasons.begin(),
                     {std::string(kModelReason), 0,
                      "the site's model " + d.by->name +
                          (d.by->description.empty() ? "" : ": " + d.by->description)});
    a.would_pass = "a change of the model " + d.by->name;
}

}  // namespace kith
