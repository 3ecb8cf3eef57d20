// SPDX-License-Identifier: Apache-2.0
// The site's own mail as its teacher. Before a mail is learned it is also judged *as if* others had
// sent it: genuine against swapped are the two classes the experts are fitted on; no labels. What
// travels with a swap is what an attacker of that kind would bring along (ARCHITECTURE.md
// "Experts"). Covered by tests/unit/learner/self_supervision_test.cpp.
#pragma once

#include <cstdint>

#include "engine/assess/assess.hpp"
#include "engine/learner/examples.hpp"

namespace kith {

/// One thread. `examples` must outlive it.
class SelfSupervision {
public:
    SelfSupervision(const Hasher& hasher, Examples& examples)
        : hasher_(hasher), examples_(examples) {}

    /// Makes the examples of one mail. Call after it was judged and before it is learned; `teaches`
    /// is false for a mail that is held.
    void observe(const Observations& o, const Judgement& judgement, bool teaches,
                 const Memory& memory);

    /// True when enough mail has come since the last fit of a model of this version.
    [[nodiscard]] bool due(std::uint32_t model_version) const noexcept;
    /// Fits the experts and puts the calibration on the new model's scale. Some tenths of a second.
    void refit(SiteState& site);

    static constexpr std::size_t kFirstFit = 500, kEvery = 2000;  ///< mails between fits

private:
    void add_swaps(const Observations& m, const Observations& of, const Memory& memory);
    [[nodiscard]] const Bearer* pick(const Observations& o, std::uint64_t seed, bool colleague,
                                     std::uint32_t min_mails) const;
    void recalibrate(SiteState& site) const;

    const Hasher& hasher_;
    Examples& examples_;
};

}  // namespace kith
