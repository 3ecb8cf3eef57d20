// SPDX-License-Identifier: Apache-2.0
// How an event on an account was judged when it came, kept beside its record in the journal, so
// that who looks through the past later sees what was known then. It names nobody: numbers under
// the record's place. What was as usual is not kept at all. Bytes: codec.hpp. Pure. Covered by
// tests/unit/accounts/kept_judgement_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "engine/accounts/judge.hpp"

namespace kith {

struct KeptJudgement {
    Time recorded{};               ///< of the journal's record that it belongs to
    float risk = 0;                ///< of the account after the event, 0 to 100
    float hand = 0;                ///< nats by which the endpoint is not the account's own
    std::uint32_t indicators = 0;  ///< bit per AccountIndicator
    std::uint32_t unseen = 0;      ///< bit per AccountFeature (in memory): see AccountJudgement
    AccountSurprises nats{};       ///< less than kLeastKeptNats is 0
};

/// A surprise below is not kept: 0 says "as usual". Of an event without any, nothing is, unless the
/// account was this risky, as one account-day in a hundred.
inline constexpr float kLeastKeptNats = 2, kLeastKeptRisk = 40;

[[nodiscard]] KeptJudgement kept_of(const AccountJudgement& judged, Time recorded);
/// False when there is nothing in it but what is usual.
[[nodiscard]] bool is_worth_keeping(const KeptJudgement& kept) noexcept;

[[nodiscard]] constexpr bool is_unseen(const KeptJudgement& kept, std::size_t feature) noexcept {
    return (kept.unseen >> feature & 1U) != 0;
}

/// One thing that happened on an own account, as who looks through the past sees it.
struct JudgedEvent {
    AccountEvent event;  ///< of a submitted mail: who, when, from where
    Sighting seen;
    KeptJudgement judged;
};

/// One sentence without subject and full stop: "logs in over imap from 203.0.113.0/24 with k9: new
/// network, new client, unusual hour". At most 400 bytes.
[[nodiscard]] std::string event_text(const JudgedEvent& event);

}  // namespace kith
