// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/group.hpp"

#include <algorithm>
#include <bit>

#include "engine/features/asks.hpp"

namespace kith {
namespace {

constexpr float kOften = 5, kPart = 8;
constexpr std::size_t kAsked = 4;  // groups; who else gets the mail says little more

/// Those often addressed with `recipient` as `recipient` sees it, the most frequent first.
std::vector<NameUse::Bearer> often_with(const Key16& recipient, const Memory& memory) {
    const NameUse circle = memory.name(circle_key(recipient));
    float all = 0;  // its mails that count, alone or not
    for (const auto& b : circle.bearers)
        if (b.address == recipient.short32()) all = b.count;
    std::vector<NameUse::Bearer> out;
    for (const auto& b : circle.bearers)
        if (b.address != recipient.short32() && b.correspondent != Key16{} && b.count >= kOften &&
            kPart * b.count >= all)
            out.push_back(b);
    std::sort(out.begin(), out.end(), [](const NameUse::Bearer& a, const NameUse::Bearer& b) {
        return a.count != b.count ? a.count > b.count : a.address < b.address;
    });
    return out;
}

bool is_often_with(const Key16& recipient, std::uint32_t other, const Memory& memory) {
    const auto often = often_with(recipient, memory);
    return std::any_of(often.begin(), often.end(),
                       [&](const NameUse::Bearer& b) { return b.address == other; });
}

}  // namespace

std::vector<Key16> members_of(const Key16& recipient, const Memory& memory) {
    std::vector<Key16> out;
    for (const auto& b : often_with(recipient, memory)) {
        if (out.size() == kMaxMembers) break;
        if (is_often_with(b.correspondent, recipient.short32(), memory))
            out.push_back(b.correspondent);
    }
    return out;
}

std::vector<Key16> groups_of(const std::vector<Key16>& recipients, const Memory& memory) {
    std::vector<Key16> out(recipients.begin(),
                           recipients.begin() + static_cast<std::ptrdiff_t>(
                                                    std::min(recipients.size(), kMaxGroupsAMail)));
    const std::size_t own = out.size();
    for (std::size_t i = 0; i < own && out.size() < kMaxGroupsAMail; ++i)
        for (const auto& member : members_of(out[i], memory))
            if (out.size() < kMaxGroupsAMail &&
                std::find(out.begin(), out.end(), member) == out.end())
                out.push_back(member);
    std::sort(out.begin(), out.end());
    return out;
}

void relate_groups(const Observations& o, std::uint32_t domain32, const Memory& memory,
                   Relations& r) {
    if (o.direction == Direction::Outbound) return;
    std::uint32_t unusual = o.asks & ~kMannerAsks;
    for (std::size_t i = 0; i < o.rcpts.size() && i < kAsked; ++i) {
        const auto group = memory.profile(Subject::Group, o.rcpts[i]);
        if (!group || group->ever < kKnownGroup) continue;
        ++r.groups;
        r.groups_know_domain += group->has(index_of(kGroupDomains), domain32) ? 1U : 0U;
        for (std::size_t a = 0; a < static_cast<std::size_t>(Ask::kCount); ++a)
            if ((unusual >> a & 1U) != 0 && group->count(index_of(static_cast<Ask>(a))) > 0)
                unusual &= ~(1U << a);
    }
    if (r.groups > 0) r.group_new_asks = static_cast<unsigned>(std::popcount(unusual));
}

}  // namespace kith
