// SPDX-License-Identifier: Apache-2.0
// Observations + history -> Relations: how a mail relates to what is known of the sender it is
// judged as. Pure. Covered by tests/unit/profile/relate_test.cpp.
#pragma once

#include <memory>

#include "engine/features/relations.hpp"
#include "engine/profile/memory.hpp"

namespace kith {

/// History of one (claimed) sender, fetched once a mail.
struct History {
    Key16 sender, domain;
    std::uint32_t sender32 = 0, domain32 = 0;
    std::shared_ptr<const Profile> profile, domain_profile;
    std::shared_ptr<const Vocabulary> vocabulary, domain_vocabulary;
    std::shared_ptr<const Profile> claimed;  ///< of Relations::claimed; nullptr = nobody known
};

[[nodiscard]] History history_of(const Observations& o, const Memory& memory);

[[nodiscard]] Relations relate(const Observations& o, const History& history, const Memory& memory);

/// Does somebody of another domain bear the name?
[[nodiscard]] bool is_known_elsewhere(const NameUse& name, std::uint32_t domain32) noexcept;

/// Mails from which on a name is somebody's.
inline constexpr double kNamed = 2;
/// Domains with fewer mails than this are strangers for the look-alike test; with more than
/// kKnownDomain they can be imitated.
inline constexpr double kStrangerMails = 2, kKnownMails = 3;
/// Mails from and to a domain, each way, from which on there is business with it.
inline constexpr double kBusinessMails = 10;

}  // namespace kith
