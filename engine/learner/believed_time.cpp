// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/believed_time.hpp"

#include <algorithm>

#include "engine/profile/keys.hpp"

namespace kith {
namespace {

constexpr std::size_t kBytes = 16;

std::string time_bytes(const std::optional<Time>& t) {
    return integer_key(t ? static_cast<std::uint64_t>(to_unix(*t)) : 0);
}

/// 0 stands for none: no mail is from the first second of 1970.
std::optional<Time> time_of(std::string_view bytes) {
    const auto seconds = decode_integer_key(bytes);
    if (!seconds || *seconds == 0) return std::nullopt;
    return from_unix(static_cast<std::int64_t>(*seconds));
}

bool is_near(Time a, Time b) { return std::chrono::abs(a - b) <= BelievedTime::kJump; }

}  // namespace

Time BelievedTime::believe(Time by_clock) {
    if (!newest_ || is_near(by_clock, *newest_)) {
        newest_ = newest_ ? std::max(*newest_, by_clock) : by_clock;
        jumped_.reset();
        return by_clock;
    }
    if (!jumped_ || by_clock < *jumped_ || !is_near(by_clock, *jumped_)) jumped_ = by_clock;
    if (by_clock - *jumped_ < kDoubt) return *newest_;
    newest_ = by_clock;
    jumped_.reset();
    return by_clock;
}

std::string BelievedTime::encode() const { return time_bytes(newest_) + time_bytes(jumped_); }

BelievedTime BelievedTime::decode(std::string_view bytes) {
    BelievedTime out;
    if (bytes.size() != kBytes) return out;
    out.newest_ = time_of(bytes.substr(0, kBytes / 2));
    out.jumped_ = time_of(bytes.substr(kBytes / 2));
    return out;
}

ExpiryClock::ExpiryClock(Time now, Steady steady, std::optional<Time> newest_mail)
    : now_(now), steady_(steady) {
    if (newest_mail && now - *newest_mail > BelievedTime::kJump) doubt_since_ = steady;
}

bool ExpiryClock::believes(Time now, Steady steady) {
    const auto passed = std::chrono::duration_cast<Seconds>(steady - steady_);
    if (now - now_ > passed + BelievedTime::kDoubt) doubt_since_ = steady;
    if (now - now_ < passed - BelievedTime::kDoubt) doubt_since_.reset();  // it was put right
    now_ = now;
    steady_ = steady;
    if (doubt_since_ && steady - *doubt_since_ >= BelievedTime::kDoubt) doubt_since_.reset();
    return !doubt_since_;
}

}  // namespace kith
