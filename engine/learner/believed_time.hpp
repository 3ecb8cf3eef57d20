// SPDX-License-Identifier: Apache-2.0
// What a clock that steps must not do to what was learned. Everything learned decays with the time
// of the mail, and mail waits for its turn by it: one mail from a machine that believes it is ten
// years later would make the site forget all it knows, and let every suspicious mail teach at once.
// So time that jumps is believed only when it has gone on from there for a day; until then mail
// counts as of the moment before the jump. Pure. Covered by
// tests/unit/learner/believed_time_test.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.hpp"

namespace kith {

class BelievedTime {
public:
    /// Between two mails of a site, or a mail and now, lies less as a rule; what lies within is
    /// always believed. A larger step costs a month of decay at most.
    static constexpr std::chrono::hours kJump{24 * 31};
    /// So long a jump must last; nobody leaves a clock wrong for longer who can be told.
    static constexpr std::chrono::hours kDoubt{24};

    /// The time that a mail counts as of which came at `by_clock`.
    [[nodiscard]] Time believe(Time by_clock);
    /// Of what was believed; nullopt before any mail.
    [[nodiscard]] std::optional<Time> newest() const noexcept { return newest_; }
    /// When a jump that is not believed yet began, by the clock that jumped; nullopt when there is
    /// none.
    [[nodiscard]] std::optional<Time> in_doubt_since() const noexcept { return jumped_; }

    /// 16 bytes: engine/learner/FORMAT.md.
    [[nodiscard]] std::string encode() const;
    /// Bytes that are none give a BelievedTime that knows nothing.
    [[nodiscard]] static BelievedTime decode(std::string_view bytes);
    bool operator==(const BelievedTime&) const = default;

private:
    std::optional<Time> newest_;
    std::optional<Time> jumped_;
};

/// Whether `now` may decide about what is deleted for its age. One thread.
class ExpiryClock {
public:
    using Steady = std::chrono::steady_clock::time_point;
    /// `newest_mail`: of what was believed before.
    ExpiryClock(Time now, Steady steady, std::optional<Time> newest_mail);

    /// False for a day (of `steady`) after the time of day went ahead by more than a day of what
    /// passed, and after a start long after the newest mail.
    [[nodiscard]] bool believes(Time now, Steady steady);

private:
    Time now_;
    Steady steady_;
    std::optional<Steady> doubt_since_;
};

}  // namespace kith
