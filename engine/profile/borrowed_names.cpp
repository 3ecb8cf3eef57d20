// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/borrowed_names.hpp"

#include <algorithm>
#include <limits>

namespace kith {
namespace {

constexpr float kFewestMails = 10;
constexpr std::size_t kFewestNames = 3;
constexpr float kShare = .5F;
constexpr double kFewestDays = 14;
constexpr double kForgottenDays = 180;  // a habit that nobody saw for half a year
/// Pairs beyond one to one: two, and an eighth of them. An address with three names has two.
constexpr std::size_t kFewestShared = 2, kSharedPart = 8;

std::size_t distinct(const BorrowedNames& names, std::uint32_t BorrowedNames::Use::*what) {
    std::vector<std::uint32_t> seen;
    seen.reserve(names.uses.size());
    for (const auto& use : names.uses) seen.push_back(use.*what);
    std::sort(seen.begin(), seen.end());
    return static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
}

auto find_use(std::vector<BorrowedNames::Use>& uses, std::uint32_t name, std::uint32_t address) {
    return std::find_if(uses.begin(), uses.end(), [&](const BorrowedNames::Use& u) {
        return u.name == name && u.address == address;
    });
}

}  // namespace

NameCounted count_name(BorrowedNames& names, std::uint32_t name, std::uint32_t address,
                       bool known_elsewhere, Time now, unsigned daily_cap) {
    NameCounted out;
    out.last = names.last;
    const std::int32_t today = day_number(now);
    if (today > names.day) {  // a mail that waited must not open today's cap again
        names.day = today;
        names.today = 0;
    }
    if (names.today >= daily_cap) return out;
    if (names.today < std::numeric_limits<std::uint8_t>::max()) ++names.today;
    if (names.named >= BorrowedNames::kMaxNamed) {
        names.named /= 2;
        names.borrowed /= 2;
    }
    names.named += 1;
    out.named = true;
    if (!known_elsewhere) return out;
    names.borrowed += 1;
    out.borrowed = true;
    if (names.first == Time{} || now < names.first) names.first = now;
    names.last = std::max(names.last, now);
    BorrowedNames::Use use{name, address, 0};
    if (const auto it = find_use(names.uses, name, address); it != names.uses.end()) {
        use = *it;
        names.uses.erase(it);
    } else if (names.uses.size() >= BorrowedNames::kMaxUses) {
        names.uses.erase(names.uses.begin());
    }
    if (use.count < std::numeric_limits<std::uint16_t>::max()) ++use.count;
    names.uses.push_back(use);
    return out;
}

void retract_name(BorrowedNames& names, std::uint32_t name, std::uint32_t address, Time mail,
                  const NameCounted& counted) {
    if (!counted.named) return;
    names.named = std::max(0.0F, names.named - 1);
    if (day_number(mail) == names.day && names.today > 0) --names.today;
    if (!counted.borrowed) return;
    names.borrowed = std::max(0.0F, names.borrowed - 1);
    if (const auto it = find_use(names.uses, name, address); it != names.uses.end())
        if (--it->count == 0) names.uses.erase(it);
    if (names.last == mail) names.last = counted.last;
    if (names.first == mail) names.first = names.last;
}

std::size_t distinct_names(const BorrowedNames& names) {
    return distinct(names, &BorrowedNames::Use::name);
}

bool lends_names(const BorrowedNames& names, Time now) {
    if (names.borrowed < kFewestMails || names.borrowed < kShare * names.named ||
        days_between(names.first, names.last) < kFewestDays ||
        days_between(names.last, now) > kForgottenDays)
        return false;
    const std::size_t people = distinct_names(names);
    const std::size_t addresses = distinct(names, &BorrowedNames::Use::address);
    const std::size_t shared = names.uses.size() - std::min(people, addresses);
    return people >= kFewestNames && shared >= kFewestShared &&
           shared * kSharedPart >= names.uses.size();
}

}  // namespace kith
