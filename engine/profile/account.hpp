// SPDX-License-Identifier: Apache-2.0
// Logins from which mail is submitted (Subject::Account), and whom they write as. A login is not an
// address: one person writes as several, several write as info@, and whoever stole a password may
// write as the director. The profile of a login holds the addresses it wrote as (values of
// account_from), from where and with which programs it submits, how many people it writes to a
// day, and what it asks for and links to. For the other question, whose address is this usually,
// the logins that write as an address are kept beside the names, at most eight.
//
// Learned from outbound and internal mail by the same rules as all else. Where the MTA gives no
// login, the own From address stands for it: such mail has a profile, and says nothing about whose
// an address is. Pure. Covered by tests/unit/learner/account_test.cpp.
#pragma once

#include "engine/profile/memory.hpp"

namespace kith {

/// Addresses kept of a login. One that wrote as so many is a program's: whom it writes as tells
/// nothing.
inline constexpr std::size_t kMaxFromAddresses = 64;

/// Key among the names of the logins that write as this address.
[[nodiscard]] std::uint64_t logins_key(const Key16& address) noexcept;

/// How the login that submitted `o` stands to `sender32`/`sender`, whom the mail is judged as.
[[nodiscard]] AccountFrom account_from(const Observations& o, const Key16& sender,
                                       const Memory& memory);

}  // namespace kith
