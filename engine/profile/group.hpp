// SPDX-License-Identifier: Apache-2.0
// Own people who are habitually addressed together form a group, without configuration
// (Subject::Group). The group of a recipient is the recipient and those whom it is addressed with:
// both ways often (five mails, and an eighth of the mail of each), the seven most frequent.
//
// Every recipient has a group of its own, kept under its own key, and a mail is learned by the
// groups of its recipients and of the other members of these. So there is no list of groups that
// would have to be found, merged and split: people who are always addressed together have groups
// that learned the same, somebody between two teams has one that knows both, who joins brings what
// reached him and is in the others' groups after five mails. It is the same whatever order mail of
// a day comes in, a mail adds to at most kMaxGroupsAMail profiles, and to judge one takes one
// profile a recipient. A role or list address to which mail comes alone has no members and is a
// group by itself. That both must see the other often keeps a list which is in everybody's Cc out
// of everybody's group.
//
// Learned: which organisational domains write, kinds of mail (list_kind), requests, classes of
// links; only of mail that comes in or stays here. Pure. Covered by
// tests/unit/learner/group_test.cpp.
#pragma once

#include <vector>

#include "engine/profile/memory.hpp"

namespace kith {

inline constexpr std::size_t kMaxMembers = 7;       ///< beside the recipient itself
inline constexpr std::size_t kMaxGroupsAMail = 16;  ///< learned
/// A group keeps the domains that write where others keep display names: short keys, so many.
inline constexpr FeatureId kGroupDomains = FeatureId::display_name;
inline constexpr std::size_t kMaxGroupDomains = 128;
/// A group with fewer mails has nothing to say about what is unusual.
inline constexpr float kKnownGroup = 10;

/// The others in the group of `recipient`, the most frequent first.
[[nodiscard]] std::vector<Key16> members_of(const Key16& recipient, const Memory& memory);

/// The groups that learn a mail to these recipients: theirs and those of the members, each once,
/// sorted; of more than kMaxGroupsAMail the recipients' own go first.
[[nodiscard]] std::vector<Key16> groups_of(const std::vector<Key16>& recipients,
                                           const Memory& memory);

/// What the groups of the recipients say about a mail; fills Relations::group_*.
void relate_groups(const Observations& o, std::uint32_t domain32, const Memory& memory,
                   Relations& r);

}  // namespace kith
