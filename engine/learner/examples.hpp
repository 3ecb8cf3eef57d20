// SPDX-License-Identifier: Apache-2.0
// What the experts are fitted on: surprises of the site's last genuine mails, of the same mails as
// if others had sent them, and whose name such a swap can bear. Bounded rings, kept in the store
// beside everything else that is learned, so that a fit after a restart is the fit without one.
// Bytes: engine/learner/FORMAT.md. Covered by tests/unit/learner/examples_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/features/observations.hpp"
#include "engine/features/stratum.hpp"
#include "engine/model/logistic.hpp"
#include "engine/profile/experts.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// Surprises as they are kept: in steps of 1/4096 nat, none above 16. In memory as in the store,
/// else a restart would change the fit.
[[nodiscard]] SparseRow example_row(const Surprises& x);

struct GenuineExample {
    std::uint64_t number = 0;  ///< counts the examples of this kind, from 0; set by add()
    SparseRow row;
    Direction direction = Direction::Inbound;
    Stratum stratum = Stratum::Plain;
    std::array<float, kLearnedExperts> weight{};  ///< 0 = not for this expert
};

struct SwappedExample {
    std::uint64_t number = 0;
    SparseRow row;
    Expert expert = Expert::Spoof;
    float weight = 0;
};

/// Somebody whose name a swap can bear: who it is and the conversation it was last in.
struct Bearer {
    std::uint64_t number = 0;
    std::uint32_t mails = 0;  ///< 0 = nobody: forgotten
    Observations last;        ///< identity and conversation only
};

/// One thread.
class Examples {
public:
    static constexpr std::size_t kGenuine = 20000, kSwapped = 12000;  ///< newest kept
    static constexpr std::size_t kBearers = 3000;                     ///< a direction

    void add(GenuineExample example);
    void add(SwappedExample example);
    /// Oldest first.
    [[nodiscard]] const std::deque<GenuineExample>& genuine() const noexcept { return genuine_; }
    [[nodiscard]] const std::deque<SwappedExample>& swapped() const noexcept { return swapped_; }

    /// Counts a mail of this sender; `last` is what is kept of it.
    void saw_bearer(Observations last);
    /// The direction's bearers in no order that means anything.
    [[nodiscard]] const std::vector<Bearer>& bearers(Direction d) const noexcept {
        return bearers_[static_cast<std::size_t>(d)];
    }
    /// Nothing bears this sender's name any more. What its mails taught names nobody and stays.
    void forget(const Key16& sender);

    /// Teaching mails since the last fit.
    [[nodiscard]] std::uint64_t since_fit() const noexcept { return since_fit_; }
    void count_since_fit() noexcept { ++since_fit_; }
    void fitted() noexcept { since_fit_ = 0; }

    /// Puts one record of Table::Examples back. False, and nothing changed, when it is none.
    bool restore(std::string_view key, std::string_view value);
    /// Call after the last restore().
    void restored();
    /// Writes what came since the last flushed(); at most a mail's few hundred bytes each.
    [[nodiscard]] Status flush(StoreWriter& writer) const;
    void flushed();

private:
    struct Place {
        std::size_t direction = 0, slot = 0;
    };
    bool restore_bearer(std::string_view key, std::string_view value);

    std::deque<GenuineExample> genuine_;
    std::deque<SwappedExample> swapped_;
    std::array<std::vector<Bearer>, kDirectionCount> bearers_;
    std::array<std::uint64_t, kDirectionCount> next_bearer_{};
    std::unordered_map<Key16, Place> place_;
    std::uint64_t next_genuine_ = 0, next_swapped_ = 0;
    std::uint64_t since_fit_ = 0;
    // Not in the store yet: examples from these numbers on, bearers in these places.
    std::uint64_t new_genuine_ = 0, new_swapped_ = 0;
    std::set<std::pair<std::size_t, std::size_t>> new_bearers_;
    std::uint64_t written_since_fit_ = 0;
};

}  // namespace kith
