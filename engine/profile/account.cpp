// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/account.hpp"

#include <algorithm>

namespace kith {
namespace {

constexpr double kKnownLogin = 3;  // mails
constexpr float kOften = 3;        // mails as an address, to call it the login's

}  // namespace

std::uint64_t logins_key(const Key16& address) noexcept {
    // Turned otherwise than circle_key(), so that it is nobody's name and nobody's circle.
    return ~circle_key(address) ^ 0x9E3779B97F4A7C15;
}

AccountFrom account_from(const Observations& o, const Key16& sender, const Memory& memory) {
    if (o.direction == Direction::Inbound || o.account == Key16{}) return AccountFrom::None;
    const auto account = memory.profile(Subject::Account, o.account);
    if (!account || static_cast<double>(account->ever) < kKnownLogin) return AccountFrom::None;
    const std::size_t from = index_of(FeatureId::account_from);
    if (account->has(from, sender.short32())) return AccountFrom::Usual;
    if (account->count(from) >= kMaxFromAddresses) return AccountFrom::None;
    const NameUse logins = memory.name(logins_key(sender));
    const bool others =
        std::any_of(logins.bearers.begin(), logins.bearers.end(), [&](const NameUse::Bearer& b) {
            return b.address != o.account.short32() && b.count >= kOften;
        });
    return others ? AccountFrom::Others : AccountFrom::New;
}

}  // namespace kith
