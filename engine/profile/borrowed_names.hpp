// SPDX-License-Identifier: Apache-2.0
// Services that write under other people's names. Issue trackers, list servers that rewrite From,
// meeting and e-sign services send "Ann Example <ticket+17@tracker.example>": the name of somebody
// known, at an address that is not hers, which is what an impostor does too. What tells them apart
// is habit, learned of the organisational domain from mail that it vouches for itself:
//
//   much of its mail carries names that are known at other domains, of several people, for weeks;
//   and names and addresses are not paired one to one: one address has many names (notify@), or a
//   name comes from many addresses (one a ticket).
//
// The second part keeps out what only looks alike: a provider, or a second domain of a firm, where
// people known elsewhere have a mailbox each, whether or not anybody ever listed it as free mail.
// On a recorded stream of 15,000 mails half of the mail of some domains has names known elsewhere;
// all of these are people with a second address, one to one, and none is a service.
//
// An attacker who wants this state has to write for two weeks, unnoticed and learned, at most three
// mails a day of which count, from a domain of his own; after three days and one mail the address
// is no stranger's anyway (Relations::known_days). Pure. Covered by
// tests/unit/profile/borrowed_names_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.hpp"

namespace kith {

/// What a domain's backed mail carries for names. Copyable value; one thread.
struct BorrowedNames {
    struct Use {
        std::uint32_t name = 0, address = 0;
        std::uint16_t count = 0;
    };
    float named = 0;         ///< mails with a name that were counted, at most the cap a day
    float borrowed = 0;      ///< of these, with a name known at another domain
    std::int32_t day = 0;    ///< day number (Unix) that `today` is of
    std::uint8_t today = 0;  ///< how many were counted on it
    Time first{}, last{};    ///< of the borrowed ones
    std::vector<Use> uses;   ///< distinct pairs of the borrowed ones, newest last, at most kMaxUses

    static constexpr std::size_t kMaxUses = 32;
    static constexpr float kMaxNamed = 200;  ///< beyond it both counts are halved: habits change

    [[nodiscard]] bool operator==(const BorrowedNames&) const = default;
};
[[nodiscard]] inline bool operator==(const BorrowedNames::Use& a,
                                     const BorrowedNames::Use& b) noexcept {
    return a.name == b.name && a.address == b.address && a.count == b.count;
}

/// What one mail added, to take it back.
struct NameCounted {
    bool named = false, borrowed = false;
    Time last{};  ///< BorrowedNames::last before
};

/// Counts a backed mail with a name. `known_elsewhere`: somebody of another domain bears it.
/// Nothing is counted beyond `daily_cap` mails a day.
NameCounted count_name(BorrowedNames& names, std::uint32_t name, std::uint32_t address,
                       bool known_elsewhere, Time now, unsigned daily_cap);

/// Undoes it. When the first borrowed mail goes, the habit begins anew with the last one.
void retract_name(BorrowedNames& names, std::uint32_t name, std::uint32_t address, Time mail,
                  const NameCounted& counted);

/// Distinct names among the pairs kept.
[[nodiscard]] std::size_t distinct_names(const BorrowedNames& names);

/// It is a habit: a known name in mail that this domain vouches for says nothing.
[[nodiscard]] bool lends_names(const BorrowedNames& names, Time now);

}  // namespace kith
