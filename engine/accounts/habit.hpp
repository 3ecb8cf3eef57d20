// SPDX-License-Identifier: Apache-2.0
// Which values of one feature somebody showed and how often: bounded, with lazy decay, and with a
// cap on what one day can teach, so that repeating makes nothing normal. Pure. One thread. Covered
// by tests/unit/accounts/habit_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/accounts/feature.hpp"
#include "engine/model/surprise.hpp"

namespace kith {

class Habit {
public:
    struct Value {
        std::uint32_t value = 0;
        float count = 0;
        std::int32_t day = 0;    ///< last shown
        std::uint8_t today = 0;  ///< times it counted then
    };
    static constexpr double kHalfLifeDays = 90;
    static constexpr std::uint8_t kMostADay = 3;

    /// Where `value` stands. Upward: what is at least as large counts as the like of it.
    [[nodiscard]] Standing standing(std::uint32_t value, AccountForm form) const noexcept;
    [[nodiscard]] bool knows(std::uint32_t value) const noexcept;
    /// Counts `value` on `day` unless it counted kMostADay times then. Beyond `max` values the
    /// rarest, of those the oldest, goes. False when it did not count.
    bool add(std::uint32_t value, std::int32_t day, std::size_t max);
    /// Lets counts fade to `day`; what has faded away goes. Earlier days change nothing.
    void age(std::int32_t day);

    [[nodiscard]] double total() const noexcept;
    [[nodiscard]] const std::vector<Value>& values() const noexcept { return values_; }
    [[nodiscard]] std::int32_t aged() const noexcept { return aged_; }
    /// Puts back what was stored.
    void restore(std::vector<Value> values, std::int32_t aged);

private:
    std::vector<Value> values_;
    std::int32_t aged_ = 0;  ///< 0 = never
};

}  // namespace kith
