// SPDX-License-Identifier: Apache-2.0
// Observations and relations against a history: the surprise of every feature (DESIGN 5.1). Pure.
// Covered by tests/unit/scoring/surprises_test.cpp.
#pragma once

#include <array>
#include <initializer_list>

#include "engine/features/spec.hpp"
#include "engine/profile/experts.hpp"
#include "engine/profile/relate.hpp"

namespace kith {

/// How one feature of a mail stood.
struct FeatureSurprise {
    double p = 1;             ///< 1 when the mail says nothing
    double n = 0;             ///< observations of this feature at the correspondent
    double seen = 0;          ///< weight of this value there
    std::uint32_t value = 0;  ///< for sets: the most surprising member
    float sum = 0;            ///< for sums: what was ranked, to be learned
    bool new_to_sender = false;
    bool steady = false;  ///< the sender had shown one value only, often
};

struct SurpriseVector {
    std::array<FeatureSurprise, kFeatureCount> detail;
    Surprises x{};  ///< hinge(p), input of the experts
};

/// Values of all features: those that need no history from `o`, the relational ones from `r`.
[[nodiscard]] FeatureVector complete_values(const Observations& o, const Relations& r,
                                            const Hasher& hasher);

/// Ranks the sums anew after members of `v` changed.
void rank_sums(const Relations& r, const SiteState& site, SurpriseVector& v);

/// Where every feature's value stands at correspondent, domain and site.
[[nodiscard]] SurpriseVector surprises(const Observations& o, const FeatureVector& values,
                                       const Relations& r, const History& history,
                                       const SiteState& site);

/// One mail beside the history of the sender it claims: what scoring and learning go on from.
struct Comparison {
    History history;
    Relations relations;
    FeatureVector values{};
    SurpriseVector surprise;
};
/// All of the above for one mail and the memory as it is.
[[nodiscard]] Comparison compare(const Observations& o, const Memory& memory, const Hasher& hasher);

/// The surprises of all features of these groups added up, in nats.
[[nodiscard]] double group_surprise(const Surprises& x,
                                    std::initializer_list<Group> groups) noexcept;

/// What is strange about a mail: its surprises without what speaks for it (Kind::Relief). The
/// vector of the joint anomaly.
[[nodiscard]] Surprises strangeness(const Surprises& x) noexcept;

}  // namespace kith
