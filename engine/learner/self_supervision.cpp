// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/self_supervision.hpp"

#include <algorithm>

namespace kith {
namespace {

constexpr Seconds kActive{180LL * 86400};
constexpr std::size_t kFitGenuine = 4000;  // the newest of them; more change nothing
constexpr std::size_t kEnough = 150;
constexpr float kBeside = .03F;  // weight of examples beside an expert's own question
/// One mail in so many is swapped: a fifth of the swaps teaches as well as all of them, and each
/// costs as much as judging a mail.
constexpr std::uint64_t kSampled = 4;

std::size_t at(Expert e) noexcept { return static_cast<std::size_t>(e); }

/// splitmix64 (Steele, Lea, Flood 2014): choices must be the same whenever a mail is learned again.
std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

/// Who the sender is; nothing of what it writes.
void copy_identity(const Observations& of, Observations& to) {
    to.sender = of.sender;
    to.account = of.account;  // whose login: else every swap of own mail would show a foreign one
    to.domain = of.domain;
    to.sender32 = of.sender32;
    to.domain32 = of.domain32;
    to.name = of.name;
    to.local_part = of.local_part;
    to.domain_label = of.domain_label;
    to.label_variants = of.label_variants;
}
/// To whom and in which conversation.
void copy_conversation(const Observations& of, Observations& to) {
    to.rcpts = of.rcpts;
    to.rcpt_set = of.rcpt_set;
    to.refs = of.refs;
    to.thread_words = of.thread_words;
    to.quoted_passages = of.quoted_passages;
}

/// What of a mail is needed to put its sender's name on another's.
Observations bearer_of(const Observations& o) {
    Observations last;
    last.time = o.time;
    last.direction = o.direction;
    copy_identity(o, last);
    copy_conversation(o, last);
    return last;
}

bool asks_anything(const Observations& o) noexcept {
    return o.asks != 0 || !o.links.empty() || !o.payment.empty() || !o.phones.empty();
}

}  // namespace

void SelfSupervision::observe(const Observations& o, const Judgement& j, bool teaches,
                              const Memory& memory) {
    GenuineExample g{0, example_row(j.surprise.x), o.direction, j.assessment.stratum, {}};
    if (teaches) {
        g.weight.fill(j.relations.messages >= 1 ? 1 : 0);
        // The impostor's question is asked about newcomers: those with the looks of somebody known
        // above all.
        g.weight[at(Expert::Impostor)] = j.relations.messages >= kKnownMails         ? 0
                                         : j.assessment.stratum == Stratum::Identity ? 1
                                                                                     : kBeside;
    }
    examples_.add(std::move(g));
    if (!teaches) return;

    const std::uint64_t seed =
        mix(o.message_id ^ o.rcpt_set ^ static_cast<std::uint64_t>(to_unix(o.time)));
    if (mix(seed + 2) % kSampled == 0) {
        if (const Bearer* b = pick(o, seed, false, 3)) add_swaps(o, b->last, memory);
        if (const Bearer* b = pick(o, mix(seed), false, 1)) add_swaps(o, b->last, memory);
        if (seed % 2 == 0)
            if (const Bearer* b = pick(o, mix(seed + 1), true, 1)) add_swaps(o, b->last, memory);
    }
    examples_.saw_bearer(bearer_of(o));
    examples_.count_since_fit();
}

const Bearer* SelfSupervision::pick(const Observations& o, std::uint64_t seed, bool colleague,
                                    std::uint32_t min_mails) const {
    constexpr int kTries = 60;
    const auto& all = examples_.bearers(o.direction);
    for (int i = 0; i < kTries && !all.empty(); ++i) {
        seed = mix(seed);
        const Bearer& b = all[seed % all.size()];
        if (b.last.sender == o.sender || b.mails < min_mails || o.time - b.last.time > kActive)
            continue;
        if (colleague && b.last.domain != o.domain) continue;
        return &b;
    }
    return nullptr;
}

void SelfSupervision::add_swaps(const Observations& m, const Observations& of,
                                const Memory& memory) {
    const auto keep = [&](const Observations& swap, Expert expert, float weight) {
        examples_.add(SwappedExample{0, example_row(compare(swap, memory, hasher_).surprise.x),
                                     expert, weight});
    };
    const bool asks = asks_anything(m);

    Observations swap = m;
    copy_identity(of, swap);
    keep(swap, Expert::Spoof, 1);

    // An impostor of `of`: the known name at an address that nobody knows, in a domain of its own
    // or in one that many use.
    Observations impostor = swap;
    impostor.sender =
        hasher_.key("impostor", std::string(of.sender.view()).append(m.sender.view()));
    impostor.sender32 = impostor.sender.short32();
    impostor.domain = (m.message_id & 1U) == 0 ? impostor.sender : m.domain;
    impostor.domain32 = impostor.domain.short32();
    keep(impostor, Expert::Impostor, asks ? 1 : .3F);

    copy_conversation(of, swap);
    keep(swap, Expert::Client, asks ? 1 : .1F);
}

bool SelfSupervision::due(std::uint32_t model_version) const noexcept {
    return examples_.since_fit() >= (model_version == 0 ? kFirstFit : kEvery);
}

void SelfSupervision::refit(SiteState& site) {
    examples_.fitted();
    site.experts.version += 1;
    for (std::size_t e = 0; e < kLearnedExperts; ++e) {
        std::vector<Example> examples;
        const auto& genuine = examples_.genuine();
        for (auto g = genuine.rbegin(); g != genuine.rend() && examples.size() < kFitGenuine; ++g)
            if (g->weight[e] > 0) examples.push_back({&g->row, g->weight[e], false});
        for (const auto& s : examples_.swapped())
            if (at(s.expert) == e) examples.push_back({&s.row, s.weight, true});
        const LogisticModel model =
            fit_logistic(examples, prior_weights(static_cast<Expert>(e)), {});
        std::copy(model.weights.begin(), model.weights.end(), site.experts.weights[e].begin());
        site.experts.bias[e] = model.bias;
    }
    recalibrate(site);
}

/// Scores of another model say nothing about this one's: the kept mail is scored anew, where there
/// is enough of it for a tail.
void SelfSupervision::recalibrate(SiteState& site) const {
    std::array<std::array<ScoreRing, kStratumCount>, kDirectionCount> rings;
    for (auto& direction : rings)
        for (auto& ring : direction) ring = ScoreRing(kScoreRing);
    for (const auto& g : examples_.genuine()) {
        Surprises x{};
        for (const auto& [f, v] : g.row) x[f] = v;
        rings[static_cast<std::size_t>(g.direction)][static_cast<std::size_t>(g.stratum)].add(
            static_cast<float>(raw_score(g.stratum, site.experts, x)));
    }
    for (std::size_t d = 0; d < kDirectionCount; ++d)
        for (std::size_t s = 0; s < kStratumCount; ++s)
            if (rings[d][s].size() >= std::min(site.scores[d][s].size(), kEnough))
                site.scores[d][s] = std::move(rings[d][s]);
}

}  // namespace kith
