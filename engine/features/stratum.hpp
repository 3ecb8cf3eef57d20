// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace kith {

/// What a mail wants; the first that applies. Each has its own calibration and share of the budget.
/// Persistent numbers.
enum class Stratum : std::uint8_t {
    Identity = 0,   ///< hardly any history and the looks of somebody known
    NewLink = 1,    ///< a link the sender never used
    Request = 2,    ///< asks for money, favours, secrecy …, or names payment data
    Unbacked = 3,   ///< asks nothing, identity not backed
    Plain = 4,      ///< asks nothing, comes the usual way
    NewClient = 5,  ///< asks nothing that is understood, written on a client unlike the sender's;
                    ///< looked for before Plain
};
inline constexpr int kStratumCount = 6;
[[nodiscard]] std::string_view to_string(
    Stratum s) noexcept;  ///< identity, link, request, unbacked, plain, client

}  // namespace kith
