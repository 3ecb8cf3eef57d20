// SPDX-License-Identifier: Apache-2.0
// Finds in the events of one account the steps of a model, whatever lies between them: all of them,
// the last not longer than `within` after the first, each by an event later than the one before or,
// in any order, wherever.
//
// Events are to come in order of time, or nearly. In order: for each k the chain of the first k
// steps that began last is kept. None that began earlier can be completed where this one cannot, so
// one for each k is enough, and memory does not grow with the events. In any order the newest event
// of each step is enough, and one event may be several steps. Pure. One thread. Covered by
// tests/unit/policy/step_search_test.cpp, which compares it with trying all choices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/clock.hpp"

namespace kith {

/// `Hit`: what is to be known of an event later.
template <class Hit>
class StepSearch {
public:
    struct Met {
        Time time{};
        std::shared_ptr<const Hit> hit;
    };
    /// One of each step, in the order of the steps.
    using Chain = std::vector<Met>;

    /// REQUIRES: 1 to 32 steps.
    StepSearch(std::size_t steps, Seconds within, bool any_order)
        : chains_(steps), within_(within), any_order_(any_order) {}

    /// The next event, as the journal has them; `steps`: bit per step that it is.
    void add(std::uint32_t steps, Time time, const std::shared_ptr<const Hit>& hit) {
        if (found()) return;
        if (any_order_)
            add_anywhere(steps, {time, hit});
        else
            add_in_order(steps, {time, hit});
    }
    /// What was found first; empty: not all of it.
    [[nodiscard]] const Chain& chain() const noexcept { return whole_; }
    [[nodiscard]] bool found() const noexcept { return !whole_.empty(); }

private:
    // From the last step down, so that an event is one step of a chain only.
    void add_in_order(std::uint32_t steps, Met met) {
        for (std::size_t k = chains_.size(); k-- > 0;) {
            if ((steps >> k & 1U) == 0) continue;
            if (k > 0 && (chains_[k - 1].empty() || !follows(met, chains_[k - 1]))) continue;
            const Time begin = k > 0 ? chains_[k - 1].front().time : met.time;
            if (!chains_[k].empty() && chains_[k].front().time >= begin) continue;
            chains_[k] = k > 0 ? chains_[k - 1] : Chain{};
            chains_[k].push_back(met);
        }
        if (!chains_.back().empty()) whole_ = chains_.back();
    }
    /// The journal's order is that of coming in: what is told late, or from an old log, may have
    /// been before.
    [[nodiscard]] bool follows(const Met& met, const Chain& chain) const {
        constexpr Seconds kTogether{3600};
        return met.time + kTogether >= chain.back().time &&
               met.time - chain.front().time <= within_;
    }
    void add_anywhere(std::uint32_t steps, const Met& met) {
        for (std::size_t k = 0; k < chains_.size(); ++k)
            if ((steps >> k & 1U) != 0) chains_[k] = {met};
        Time first = met.time, last = met.time;
        for (const Chain& newest : chains_) {
            if (newest.empty()) return;
            first = std::min(first, newest.front().time);
            last = std::max(last, newest.front().time);
        }
        if (last - first > within_) return;
        for (const Chain& newest : chains_) whole_.push_back(newest.front());
    }

    std::vector<Chain> chains_;  ///< of the first k + 1 steps; in any order the newest of step k
    Seconds within_;
    bool any_order_;
    Chain whole_;
};

}  // namespace kith
