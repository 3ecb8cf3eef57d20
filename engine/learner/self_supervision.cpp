// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/self_supervision.hpp"

#include <algorithm>

namespace kith {
namespace {

constexpr Seconds kActive{180LL * 86400};
constexpr std::size_t kMaxCandidates = 3000;
constexpr float kRare = .03F;  // weight of examples that are beside an expert's own question

std::size_t at(Expert e) noexcept { return static_cast<std::size_t>(e); }

std::uint64_t mix(std::uint64_t x) noexcept {  // splitmix64: examples must not depend on a global generator
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

/// m under the identity of `of`: everything travels but the name.
Observations claimed_by(const Observations& m, const Observations& of) {
    Observations o = m;
    o.sender = of.sender;
    o.domain = of.domain;
    o.sender32 = of.sender32;
    o.domain32 = of.domain32;
    o.name = of.name;
    o.local_part = of.local_part;
    o.domain_label = of.domain_label;
    o.label_variants = of.label_variants;
    return o;
}

/// m's text, links and client written into the conversation, to the readers and over the servers of `of`.
Observations written_into(const Observations& m, const Observations& of) {
    Observations o = claimed_by(m, of);
    o.rcpts = of.rcpts;
    o.rcpt_set = of.rcpt_set;
    o.refs = of.refs;
    o.thread_words = of.thread_words;
    return o;
}

bool asks_anything(const Observations& o) noexcept { return o.asks != 0 || !o.links.empty() || !o.payment.empty() || !o.phones.empty(); }

}  // namespace

void SelfSupervision::observe(const Observations& o, const Judgement& j, const Memory& memory) {
    const std::uint64_t seed = mix(o.message_id ^ o.rcpt_set ^ static_cast<std::uint64_t>(to_unix(o.time)));
    if (j.relations.messages >= 1 || j.assessment.stratum == Stratum::Identity) {
        Genuine g{sparse(j.surprise.x), j.surprise.x, o.direction, j.assessment.stratum, {}};
        g.weight.fill(j.relations.messages >= 1 ? 1 : 0);
        // The impostor's question is asked about newcomers only: those with the looks of somebody known above all.
        const bool flagged = j.assessment.stratum == Stratum::Identity;
        g.weight[at(Expert::Impostor)] = j.relations.messages >= kKnownMails ? 0 : flagged ? 1 : kRare;
        genuine_.push_back(std::move(g));
        if (genuine_.size() > kGenuine) genuine_.pop_front();
    } else {
        Genuine g{sparse(j.surprise.x), j.surprise.x, o.direction, j.assessment.stratum, {}};
        g.weight[at(Expert::Impostor)] = kRare;
        genuine_.push_back(std::move(g));
        if (genuine_.size() > kGenuine) genuine_.pop_front();
    }
    if (const Candidate* s = pick(o, seed, false, 3)) add_swaps(o, s->last, memory);
    if (const Candidate* s = pick(o, mix(seed), false, 1)) add_swaps(o, s->last, memory);
    if (seed % 2 == 0)
        if (const Candidate* s = pick(o, mix(seed + 1), true, 1)) add_swaps(o, s->last, memory);
    remember(o);
    ++since_fit_;
}

void SelfSupervision::remember(const Observations& o) {
    auto [it, fresh] = senders_.try_emplace(o.sender);
    it->second.last = o;
    ++it->second.mails;
    if (!fresh) return;
    auto& order = order_[static_cast<std::size_t>(o.direction)];
    order.push_back(o.sender);
    if (order.size() > kMaxCandidates) {
        senders_.erase(order.front());
        order.erase(order.begin());
    }
}

const SelfSupervision::Candidate* SelfSupervision::pick(const Observations& o, std::uint64_t seed, bool colleague, std::uint32_t min_mails) const {
    const auto& order = order_[static_cast<std::size_t>(o.direction)];
    constexpr int kTries = 60;
    for (int i = 0; i < kTries && !order.empty(); ++i) {
        seed = mix(seed);
        const auto it = senders_.find(order[seed % order.size()]);
        if (it == senders_.end()) continue;
        const Candidate& c = it->second;
        if (c.last.sender == o.sender || c.mails < min_mails || o.time - c.last.time > kActive) continue;
        if (colleague && c.last.domain != o.domain) continue;
        return &c;
    }
    return nullptr;
}

void SelfSupervision::add_swaps(const Observations& m, const Observations& of, const Memory& memory) {
    const SiteState& site = memory.site();
    const auto vector_of = [&](const Observations& o) {
        const History history = history_of(o, memory);
        const Relations r = relate(o, history, memory);
        return std::make_pair(surprises(o, complete_values(o, r, hasher_), r, history, site).x, r);
    };
    const auto keep = [&](const Surprises& x, const std::array<float, kExpertCount>& weight) {
        swapped_.push_back({sparse(x), weight});
        if (swapped_.size() > kSwapped) swapped_.pop_front();
    };
    const bool asks = asks_anything(m);

    const auto [whole, whole_relations] = vector_of(claimed_by(m, of));
    std::array<float, kExpertCount> weight{};
    weight[at(Expert::Spoof)] = 1;
    weight[at(Expert::Who)] = 1;
    keep(whole, weight);

    const auto [text, r] = vector_of(written_into(m, of));
    weight = {};
    const bool request = __builtin_popcount(m.asks) >= 2 || !m.payment.empty();
    weight[at(Expert::Client)] = asks ? 1 : .1F;
    weight[at(Expert::Link)] = r.new_link ? 1 : .02F;
    weight[at(Expert::Request)] = request && !r.new_link ? (m.payment.empty() ? 1 : 2) : .02F;
    keep(text, weight);

    // An impostor of `of`: an address nobody knows, at an unknown domain or at one that many use, under the known name.
    Observations impostor = claimed_by(m, of);
    impostor.sender = hasher_.key("impostor", std::string(of.sender.view()) + std::string(m.sender.view()));
    impostor.sender32 = impostor.sender.short32();
    const bool squat = (m.message_id & 1U) == 0;
    impostor.domain = squat ? impostor.sender : m.domain;
    impostor.domain32 = impostor.domain.short32();
    const auto [fake, fake_relations] = vector_of(impostor);
    weight = {};
    weight[at(Expert::Impostor)] = asks ? 1 : .3F;
    keep(fake, weight);
}

bool SelfSupervision::due() const noexcept { return since_fit_ >= (fits_ == 0 ? kFirstFit : kEvery); }

void SelfSupervision::refit(SiteState& site) {
    since_fit_ = 0;
    ++fits_;
    ExpertModel next = site.experts;
    next.version = site.experts.version + 1;
    for (std::size_t e = 0; e < kExpertCount; ++e) {
        std::vector<bool> active(kFeatureCount);
        for (std::size_t f = 0; f < kFeatureCount; ++f) active[f] = looks_at(static_cast<Expert>(e), f);
        std::vector<Example> examples;
        for (const auto& g : genuine_)
            if (g.weight[e] > 0) examples.push_back({&g.row, g.weight[e], false});
        for (const auto& s : swapped_)
            if (s.weight[e] > 0) examples.push_back({&s.row, s.weight[e], true});
        const LogisticModel model = fit_logistic(examples, active, {});
        std::copy(model.weights.begin(), model.weights.end(), next.weights[e].begin());
        next.bias[e] = model.bias;
    }
    site.experts = next;
    // Scores of another model say nothing about this one's: judge the kept genuine mail anew, where there is enough of it.
    for (std::size_t d = 0; d < kDirectionCount; ++d)
        for (std::size_t s = 0; s < kStratumCount; ++s) {
            ScoreRing fresh(kScoreRing);
            for (const auto& g : genuine_)
                if (static_cast<std::size_t>(g.direction) == d && static_cast<std::size_t>(g.stratum) == s)
                    fresh.add(static_cast<float>(raw_score(g.stratum, site.experts, g.x)));
            if (fresh.size() * 2 >= site.scores[d][s].size()) site.scores[d][s] = std::move(fresh);
        }
}

}  // namespace kith
