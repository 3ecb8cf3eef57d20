// SPDX-License-Identifier: Apache-2.0
// The site's own mail as its teacher. Before a mail of a is learned it is also judged *as if* others had sent it: genuine
// against swapped are the two classes that the experts are fitted on; no labels. What travels with a swap is what an
// attacker of that kind would bring along (ARCHITECTURE.md "Experts"). Covered by tests/unit/learner/self_supervision_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "engine/assess/assess.hpp"
#include "engine/learner/learned_memory.hpp"
#include "engine/model/logistic.hpp"

namespace kith {

/// One thread. Kept in memory only: after a restart the model of the store serves until enough mail has come again.
class SelfSupervision {
public:
    explicit SelfSupervision(const Hasher& hasher) : hasher_(hasher) {}

    /// Makes the examples of one genuine mail. Call after it was judged and before it is learned.
    void observe(const Observations& o, const Judgement& judgement, const Memory& memory);

    /// True when enough mail came since the last fit.
    [[nodiscard]] bool due() const noexcept;
    /// Fits all experts on the buffer and puts the calibration on the new model's scale. O(buffer); about 0.1 s.
    void refit(SiteState& site);

    static constexpr std::size_t kGenuine = 6000, kSwapped = 8000;  ///< examples kept
    static constexpr std::size_t kFirstFit = 500, kEvery = 2000;    ///< genuine mails

private:
    struct Genuine {
        SparseRow row;
        Surprises x;
        Direction direction;
        Stratum stratum;
        std::array<float, kExpertCount> weight;
    };
    struct Swapped {
        SparseRow row;
        std::array<float, kExpertCount> weight;  ///< 0 = not for this expert
    };
    struct Candidate {
        Observations last;
        std::uint32_t mails = 0;
    };

    void add_swaps(const Observations& m, const Observations& of, const Memory& memory);
    [[nodiscard]] const Candidate* pick(const Observations& o, std::uint64_t seed, bool colleague, std::uint32_t min_mails) const;
    void remember(const Observations& o);

    const Hasher& hasher_;
    std::deque<Genuine> genuine_;
    std::deque<Swapped> swapped_;
    std::unordered_map<Key16, Candidate> senders_;
    std::array<std::vector<Key16>, kDirectionCount> order_;  // candidates by direction, for picking
    std::size_t since_fit_ = 0, fits_ = 0;
};

}  // namespace kith
