// SPDX-License-Identifier: Apache-2.0
// What is remembered of a subject: per feature, how often which value. Plain state with its update
// rules; bytes in codec.hpp (FORMAT.md). Counts decay with a half-life, lazily: `age()` before
// reading or adding. Covered by tests/unit/profile/profile_test.cpp and, against the whole history,
// tests/property/profile_law_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/features/feature_id.hpp"
#include "engine/model/surprise.hpp"
#include "engine/profile/borrowed_names.hpp"

namespace kith {

/// Who a profile is about. Persistent numbers.
enum class Subject : std::uint8_t {
    Correspondent = 0,
    Domain = 1,
    Site = 2,
    Pair = 3,
    Group = 4,    ///< an own recipient and those it is addressed with (group.hpp)
    Account = 5,  ///< a login from which mail is submitted (account.hpp)
};

/// Count of one value of one feature.
struct ValueCount {
    std::uint16_t feature = 0;  ///< index (in memory), tag (on disk)
    std::uint8_t today = 0;     ///< how often it was counted on Profile::day (daily cap)
    std::uint32_t value = 0;
    float count = 0;
};

/// Who changed to which value lately (engine/scoring/migration.hpp).
struct Migrations {
    struct Item {
        std::uint16_t feature = 0;  ///< index (in memory), tag (on disk)
        std::uint32_t value = 0;
        Time since{};                        ///< of the first one
        std::vector<std::uint32_t> bearers;  ///< short keys, at most kMaxBearers
    };
    std::vector<Item> items{};  ///< oldest first
    static constexpr std::size_t kMax = 64, kMaxBearers = 4;
};

/// To how many people a day an account writes: what is usual, as means over its days with mail.
struct DailyReach {
    float recipients = 0, fresh = 0;  ///< of `day` so far; fresh: never written to before
    float usual_recipients = 0, usual_fresh = 0;
    float days = 0;  ///< in the means, at most kDays
    std::int32_t day = 0;
    static constexpr float kDays = 16;

    /// Adds one mail; a new day closes the one before. A mail that waited counts on its own day or
    /// not at all.
    void count(std::int32_t today, float rcpts, float fresh_rcpts) noexcept;
    /// Takes it back while its day is not over.
    void retract(std::int32_t of_day, float rcpts, float fresh_rcpts) noexcept;
};

/// One subject's counts. Copyable value; one thread.
class Profile {
public:
    float messages = 0;    ///< mails learned, decayed
    float ever = 0;        ///< mails learned, not decayed: how well known the subject is
    float days = 0;        ///< distinct days with mail, not decayed
    Time first{}, last{};  ///< event time of the first and last mail learned
    Time aged{};           ///< counts are as of this time
    std::int32_t day = 0;  ///< day number (Unix) that `today` counters are of
    float received = 0;    ///< mails that own people sent to this subject, decayed
    Time last_received{};
    Migrations migrations{};  ///< of a domain's senders
    /// Moving means of the surprise of its mail, in nats (engine/scoring/drift.hpp): over its last
    /// mails, and over many.
    float drift_fast = 0, drift_slow = 0;
    float ties = 0;            ///< people with whom mail went both ways, each counted once; decayed
    BorrowedNames borrowed{};  ///< of a domain: whose names its mail carries
    DailyReach reach{};        ///< of an account

    /// Halves counts for every half-life since `aged`; drops what fell below 1/32. Time going back
    /// changes nothing.
    void age(Time now, double half_life_days);

    /// Counts `value` once with weight 1 unless it was counted `daily_cap` times on this day.
    /// Returns the standing before. At most `max_values` values a feature are kept; the rarest goes
    /// first. REQUIRES age(now) before.
    Standing add(std::size_t feature, std::uint32_t value, Time now, unsigned daily_cap,
                 std::size_t max_values);

    /// Takes `weight` off `value` again; what is hardly there any more goes. `day`: the day whose
    /// cap it counted against.
    void retract(std::size_t feature, std::uint32_t value, float weight, std::int32_t day);

    /// Where `value` stands. `ordinal`: direct neighbours (bins) count half.
    [[nodiscard]] Standing standing(std::size_t feature, std::uint32_t value,
                                    bool ordinal) const noexcept;
    [[nodiscard]] bool has(std::size_t feature, std::uint32_t value) const noexcept;
    /// How often `value` was counted, decayed; 0 when it never was.
    [[nodiscard]] double weight(std::size_t feature, std::uint32_t value) const noexcept;
    /// Distinct values of a feature.
    [[nodiscard]] std::size_t count(std::size_t feature) const noexcept;
    [[nodiscard]] double total(std::size_t feature) const noexcept {
        return static_cast<double>(totals_[feature]);
    }

    [[nodiscard]] const std::vector<ValueCount>& values() const noexcept { return values_; }
    /// Replaces all counts (decoding). REQUIRES: sorted by (feature, value), features <
    /// kFeatureCount, counts > 0.
    void restore(std::vector<ValueCount> values);

private:
    struct Range {
        std::size_t begin, end;
    };
    [[nodiscard]] Range range(std::size_t feature) const noexcept;
    /// Sums up anew in the order of the values, so that a total does not depend on when the profile
    /// was stored and read.
    void recount(std::size_t feature) noexcept;

    std::vector<ValueCount> values_;  // sorted by (feature, value)
    std::array<float, kFeatureCount> totals_{};
};

}  // namespace kith
