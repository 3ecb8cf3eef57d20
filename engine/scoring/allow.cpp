// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/allow.hpp"

#include <algorithm>

#include "engine/features/spec.hpp"
#include "engine/scoring/causes.hpp"

namespace kith {
namespace {

bool may_be_allowed(std::size_t feature) noexcept {
    const Kind kind = feature_spec(feature).kind;
    return kind != Kind::Sum && kind != Kind::Relief;
}

}  // namespace

std::vector<std::uint16_t> features_to_allow(const std::vector<Reason>& reasons,
                                             const Comparison& c) {
    std::vector<std::uint16_t> out;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (!may_be_allowed(f)) continue;
        const bool named = std::any_of(reasons.begin(), reasons.end(), [&](const Reason& reason) {
            for (const std::size_t other : causes()[cause_of(f)].features)
                if (feature_name(other) == reason.feature) return other == f || c.surprise.x[f] > 0;
            return false;
        });
        if (named) out.push_back(static_cast<std::uint16_t>(f));
    }
    return out;
}

std::size_t excuse_allowed(const Observations& o, const Allowances& allowances, const Relations& r,
                           const SiteState& site, SurpriseVector& v) {
    if (allowances.items.empty()) return 0;
    std::size_t changed = 0;
    for (const std::uint16_t f : allowances.allowed(o.rcpts, o.time)) {
        if (!may_be_allowed(f) || v.x[f] <= 0) continue;
        v.x[f] = 0;
        v.detail[f].p = 1;
        ++changed;
    }
    if (changed > 0) rank_sums(r, site, v);
    return changed;
}

}  // namespace kith
