// SPDX-License-Identifier: Apache-2.0
// Read access to everything learned, by key. Two implementations: StoreMemory (decodes from a
// snapshot; the milter) and LearnedMemory (decoded and changeable; the learner and `kith replay`).
// Values returned live as long as the shared_ptr.
#pragma once

#include <memory>

#include "engine/profile/allowance.hpp"
#include "engine/profile/state.hpp"

namespace kith {

class Memory {
public:
    virtual ~Memory() = default;
    /// nullptr when nothing is known. Correspondent and Domain by their keys; Pair by pair_key().
    [[nodiscard]] virtual std::shared_ptr<const Profile> profile(Subject subject,
                                                                 const Key16& key) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const Vocabulary> vocabulary(const Key16& key) const = 0;
    [[nodiscard]] virtual SiteWord word(std::uint32_t word) const = 0;
    /// Thread that the mail with this Message-ID hash belongs to; nullptr when that mail was never
    /// seen.
    [[nodiscard]] virtual std::shared_ptr<const Thread> thread(std::uint64_t message_id) const = 0;
    [[nodiscard]] virtual HostUse host(std::uint64_t host_or_tenant) const = 0;
    [[nodiscard]] virtual NameUse name(std::uint64_t name) const = 0;
    [[nodiscard]] virtual Traces traces(const Key16& sender) const = 0;
    /// What an admin allowed this sender; none where nobody could have.
    [[nodiscard]] virtual Allowances allowances(const Key16& sender) const;
    /// Risk of this login now, 0 to 100 (engine/accounts/judge.hpp); 0 where nothing is known of
    /// it.
    [[nodiscard]] virtual double account_risk(const Key16& account, Time now) const;
    [[nodiscard]] virtual const SiteState& site() const = 0;
};

/// Key of the pair (sender, recipient): direction matters.
[[nodiscard]] Key16 pair_key(const Key16& sender, const Key16& recipient) noexcept;

/// Key among the names of those who are addressed together with this recipient.
[[nodiscard]] std::uint64_t circle_key(const Key16& recipient) noexcept;

/// Profile keys of one subject kind do not collide with another's in the store's table.
[[nodiscard]] Key16 stored_key(Subject subject, const Key16& key) noexcept;

}  // namespace kith
