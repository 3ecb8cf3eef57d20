// SPDX-License-Identifier: Apache-2.0
// Named signs of an account in other hands: predicates over what was seen, how surprising it was
// and what the account did before. They name an incident and its steps; they decide nothing. Pure.
// Covered by tests/unit/accounts/indicators_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/accounts/state.hpp"
#include "engine/accounts/travel.hpp"

namespace kith {

enum class AccountIndicator : std::uint8_t {
#define ACCOUNT_INDICATOR(number, function, name, attack, text) function = number,
#include "engine/accounts/account_indicators.def"
#undef ACCOUNT_INDICATOR
};

/// What a predicate may look at.
struct AccountLook {
    const Sighting& seen;
    const AccountValues& values;
    const AccountSurprises& nats;
    const AccountState& account;     ///< with the event's endpoint, before it is learned
    const Endpoint& endpoint;        ///< of the event, with it
    double hand = 0;                 ///< nats by which the endpoint is not the account's own
    bool user_active = false;        ///< from an own endpoint of the account, within the half hour
    std::optional<Travel> travel{};  ///< of a use: the impossible journey to it, if there is one
};

/// Nats from which on a hand is foreign: network and one thing more.
inline constexpr double kForeignHand = 6;

struct AccountIndicatorSpec {
    AccountIndicator number;
    std::string_view name;    ///< as an admin reads it
    std::string_view attack;  ///< ATT&CK technique, "" = none
    std::string_view text;
    bool (*holds)(const AccountLook& look);
};
/// In the order of account_indicators.def.
[[nodiscard]] std::span<const AccountIndicatorSpec> account_indicators() noexcept;
/// Bit per AccountIndicator that holds.
[[nodiscard]] std::uint32_t indicators_of(const AccountLook& look);
[[nodiscard]] constexpr bool has_indicator(std::uint32_t bits, AccountIndicator i) noexcept {
    return (bits >> static_cast<unsigned>(i) & 1U) != 0;
}

}  // namespace kith
