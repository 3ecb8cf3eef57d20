// SPDX-License-Identifier: Apache-2.0
// Which mails were answered 451 once to be judged anew at their retry (DESIGN 5.5): a second
// attempt of the same mail is never delayed again. The learner keeps it in the store
// (engine/learner/FORMAT.md), DelayMemory what it has not got to yet. Covered by
// tests/unit/assess/delay_test.cpp.
#pragma once

#include <optional>
#include <unordered_map>

#include "engine/base/hash.hpp"
#include "engine/features/observations.hpp"

namespace kith {

/// A delayed mail is known for this long: the time that MTAs keep a mail queued (RFC
/// 5321, 4.5.4.1).
inline constexpr Seconds kDelayKept{5 * 86400};
/// Delayed mails known at a time; beyond it mail is judged at once. 100 bytes each in the milter.
inline constexpr std::size_t kMaxDelayed = 16384;

/// The same for every attempt to deliver a mail, whatever client brings it: sender, recipients and
/// Message-ID, or the words of a mail without one.
[[nodiscard]] std::uint64_t delay_key(const Observations& o, const Hasher& hasher);

/// Not thread-safe.
class DelayMemory {
public:
    /// When the mail was delayed, within the last kDelayKept.
    [[nodiscard]] std::optional<Time> find(std::uint64_t key, Time now) const;
    /// False when it must not be delayed: it is known already, or kMaxDelayed are.
    [[nodiscard]] bool remember(std::uint64_t key, Time now);

private:
    std::unordered_map<std::uint64_t, Time> first_;
};

}  // namespace kith
