// SPDX-License-Identifier: Apache-2.0
// The site's own mail as its teacher. Before a mail is learned it is also judged *as if* others had
// sent it: genuine against swapped are the two classes the experts are fitted on; no labels. What
// travels with a swap is what an attacker of that kind would bring along (ARCHITECTURE.md
// "Experts"). Covered by tests/unit/learner/self_supervision_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "engine/assess/assess.hpp"
#include "engine/model/logistic.hpp"

namespace kith {

/// One thread. The examples are kept in memory only: after a restart the store's model serves until
/// enough mail has come again.
class SelfSupervision {
public:
    explicit SelfSupervision(const Hasher& hasher) : hasher_(hasher) {}

    /// Makes the examples of one mail. Call after it was judged and before it is learned; `teaches`
    /// is false for a mail that is held.
    void observe(const Observations& o, const Judgement& judgement, bool teaches,
                 const Memory& memory);

    /// True when enough mail has come since the last fit of a model of this version, and, after a
    /// restart, enough to fit on.
    [[nodiscard]] bool due(std::uint32_t model_version) const noexcept;
    /// Fits the experts and puts the calibration on the new model's scale. Some tenths of a second.
    void refit(SiteState& site);

    static constexpr std::size_t kGenuine = 20000, kSwapped = 12000;  ///< examples kept
    /// Mails between fits; kAgain before the first one after a restart.
    static constexpr std::size_t kFirstFit = 500, kEvery = 2000, kAgain = 4000;

private:
    struct Genuine {
        SparseRow row;
        Direction direction = Direction::Inbound;
        Stratum stratum = Stratum::Plain;
        std::array<float, kLearnedExperts> weight{};  ///< 0 = not for this expert
    };
    struct Swapped {
        SparseRow row;
        Expert expert = Expert::Spoof;
        float weight = 0;
    };
    /// Somebody whose name a swap can bear: who it is and the conversation it was last in.
    struct Bearer {
        Observations last;
        std::uint32_t mails = 0;
    };

    void add_swaps(const Observations& m, const Observations& of, const Memory& memory);
    [[nodiscard]] const Bearer* pick(const Observations& o, std::uint64_t seed, bool colleague,
                                     std::uint32_t min_mails) const;
    void remember(const Observations& o);
    void recalibrate(SiteState& site) const;

    const Hasher& hasher_;
    std::deque<Genuine> genuine_;
    std::deque<Swapped> swapped_;
    std::unordered_map<Key16, Bearer> bearers_;
    std::array<std::vector<Key16>, kDirectionCount> order_;  // bearers by direction, oldest first
    std::size_t since_fit_ = 0;
    bool fitted_ = false;  ///< by this process
};

}  // namespace kith
