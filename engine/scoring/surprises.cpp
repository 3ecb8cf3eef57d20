// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/surprises.hpp"

#include <algorithm>
#include <cmath>

#include "engine/features/spec.hpp"
#include "engine/scoring/migration.hpp"

namespace kith {
namespace {

constexpr float kMaxRelief = 5;
constexpr double kMaxClaim = 60;  // nats: a client foreign in every feature
constexpr double kSteady = 5;     // observations of one value before "never changes" is said

struct Levels {
    const Profile* sender;
    const Profile* domain;
    const SiteState& site;
};

/// p at the domain's level, asking the site only when the domain does not know the value.
double parent_p(std::size_t f, std::uint32_t value, bool ordinal, const Levels& levels) {
    Standing domain;
    if (levels.domain != nullptr) domain = levels.domain->standing(f, value, ordinal);
    const double nu_domain = domain.n > 0 ? levels.site.novelty[1][f].nu(domain.n, domain.t) : 0;
    if (domain.seen) return level_p(domain, nu_domain, 1, false);
    const Standing top = levels.site.values.standing(f, value, ordinal);
    const double p = level_p(top, levels.site.novelty[2][f].nu(top.n, top.t), 1, true);
    return domain.n > 0 ? level_p(domain, nu_domain, p, false) : p;
}

FeatureSurprise categorical(std::size_t f, std::uint32_t value, bool ordinal,
                            const Levels& levels) {
    FeatureSurprise out;
    out.value = value;
    Standing s;
    if (levels.sender != nullptr) s = levels.sender->standing(f, value, ordinal);
    const double parent = s.seen ? 1 : parent_p(f, value, ordinal, levels);
    out.p = s.n > 0 ? level_p(s, levels.site.novelty[0][f].nu(s.n, s.t), parent, false) : parent;
    out.n = s.n;
    out.new_to_sender = s.n > 0 && !s.seen;
    out.steady = s.n >= kSteady && s.t <= 1;
    out.seen = s.seen ? s.equal : 0;
    out.p = std::clamp(out.p, kSurpriseFloor, 1.0);
    return out;
}

/// The site's mail to compare with. Where there is too little of this length and history, mail with
/// less history knows at least the length; and a young site has mail of about this length sooner.
/// Numbers are means over the words, wider in short mail: only a shorter length is no harsher. What
/// is added up grows with the length. nullptr when there is none.
const ScoreRing* peers(std::size_t f, const Relations& r, const SiteState& site) {
    constexpr std::size_t kEnough = 50;
    constexpr int kLengths = static_cast<int>(kLengthBuckets);
    const auto& rings = site.ranks[f];
    if (rings.empty()) return nullptr;
    const int other = feature_spec(f).kind == Kind::Sum ? r.length_bucket + 1 : r.length_bucket - 1;
    for (const int length : {r.length_bucket, other}) {
        if (length < 0 || length >= kLengths) continue;
        for (int h = r.history_bucket; h >= 0; --h) {
            const ScoreRing& ring = rings[rank_bucket(f, length, h)];
            if (ring.size() >= kEnough) return &ring;
        }
    }
    return nullptr;
}

FeatureSurprise rank(std::size_t f, double number, const Relations& r, const SiteState& site) {
    FeatureSurprise out;
    const ScoreRing* ring = peers(f, r, site);
    if (ring == nullptr) return out;
    out.n = static_cast<double>(ring->size());
    out.p = std::clamp(ring->rank_p(static_cast<float>(number)), kSurpriseFloor, 1.0);
    return out;
}

/// Bonferroni over the members: the most surprising one, paid for by their number. An absent set is
/// no surprise.
FeatureSurprise worst_member(std::size_t f, const Observations& o, const Levels& levels) {
    FeatureSurprise worst;
    std::size_t members = 0;
    for (const auto& [feature, value] : o.set_members) {
        if (feature != f) continue;
        ++members;
        const FeatureSurprise s = categorical(f, value, false, levels);
        if (members == 1 || s.p < worst.p) worst = s;
    }
    worst.p = std::min(1.0, worst.p * static_cast<double>(std::max<std::size_t>(members, 1)));
    return worst;
}

}  // namespace

FeatureVector complete_values(const Observations& o, const Relations& r, const Hasher& hasher) {
    FeatureVector values = o.values;
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(f).relate != nullptr)
            values[f] = encode_seen(feature_spec(f).relate(r), f, hasher);
    return values;
}

void judge_claims(const FeatureVector& values, const Profile& claimed, const SiteState& site,
                  SurpriseVector& v) {
    const Levels levels{&claimed, nullptr, site};
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (feature_spec(f).kind != Kind::Claim || site.without[f]) continue;
        double sum = 0;
        for (std::size_t member = 0; member < kFeatureCount; ++member) {
            const Kind kind = feature_spec(member).kind;
            if (!feature_spec(f).sums(member) || !values[member].present()) continue;
            if (kind == Kind::Category || kind == Kind::Ordinal)
                sum += hinge(
                    categorical(member, values[member].code, kind == Kind::Ordinal, levels).p);
        }
        v.detail[f].sum = static_cast<float>(sum);
        v.x[f] = static_cast<float>(std::min(sum, kMaxClaim));
    }
}

void rank_sums(const Relations& r, const SiteState& site, SurpriseVector& v) {
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (feature_spec(f).kind != Kind::Sum || site.without[f]) continue;
        double sum = 0;
        for (std::size_t member = 0; member < kFeatureCount; ++member)
            if (feature_spec(f).sums(member)) sum += static_cast<double>(v.x[member]);
        v.detail[f] = sum > 0 ? rank(f, sum, r, site) : FeatureSurprise{};
        v.detail[f].sum = static_cast<float>(sum);
        v.x[f] = static_cast<float>(hinge(v.detail[f].p));
    }
}

SurpriseVector surprises(const Observations& o, const FeatureVector& values, const Relations& r,
                         const History& history, const SiteState& site) {
    SurpriseVector out;
    const Levels levels{history.profile.get(), history.domain_profile.get(), site};
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (!values[f].present() || site.without[f]) continue;
        switch (feature_spec(f).kind) {
            case Kind::Category:
                out.detail[f] = categorical(f, values[f].code, false, levels);
                break;
            case Kind::Ordinal:
                out.detail[f] = categorical(f, values[f].code, true, levels);
                break;
            case Kind::Set:
                out.detail[f] = worst_member(f, o, levels);
                break;
            case Kind::Rank:
                out.detail[f] = rank(f, static_cast<double>(values[f].number), r, site);
                break;
            case Kind::Relief:
                out.x[f] = std::clamp(values[f].number, 0.0F, kMaxRelief);
                continue;
            case Kind::Sum:
            case Kind::Claim:
                break;  // below, when its members are known
        }
        out.x[f] = static_cast<float>(hinge(out.detail[f].p));
    }
    excuse_migrants(o, history, site, out);
    rank_sums(r, site, out);
    if (history.claimed) judge_claims(values, *history.claimed, site, out);
    return out;
}

double group_surprise(const Surprises& x, std::initializer_list<Group> groups) noexcept {
    double sum = 0;
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (std::find(groups.begin(), groups.end(), feature_spec(f).group) != groups.end())
            sum += static_cast<double>(x[f]);
    return sum;
}

Surprises strangeness(const Surprises& x) noexcept {
    Surprises out = x;
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(f).kind == Kind::Relief) out[f] = 0;
    return out;
}

Comparison compare(const Observations& o, const Memory& memory, const Hasher& hasher) {
    Comparison c;
    c.history = history_of(o, memory);
    c.relations = relate(o, c.history, memory);
    if (c.relations.claimed)
        c.history.claimed = memory.profile(Subject::Correspondent, *c.relations.claimed);
    c.values = complete_values(o, c.relations, hasher);
    c.surprise = surprises(o, c.values, c.relations, c.history, memory.site());
    return c;
}

}  // namespace kith
