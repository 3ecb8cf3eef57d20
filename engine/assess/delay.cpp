// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/delay.hpp"

namespace kith {

std::uint64_t delay_key(const Observations& o, const Hasher& hasher) {
    std::string identity(o.sender.view());
    const auto add = [&](std::uint64_t x) {
        for (int i = 0; i < 8; ++i) identity += static_cast<char>(x >> 8 * i & 0xFF);
    };
    add(o.rcpt_set);
    add(o.message_id);
    if (o.message_id == 0)
        for (const auto word : o.sketch) add(word);
    return hasher.hash64("delay", identity);
}

std::optional<Time> DelayMemory::find(std::uint64_t key, Time now) const {
    const auto it = first_.find(key);
    if (it == first_.end() || now - it->second > kDelayKept) return std::nullopt;
    return it->second;
}

bool DelayMemory::remember(std::uint64_t key, Time now) {
    if (first_.size() >= kMaxDelayed)
        std::erase_if(first_, [&](const auto& e) { return now - e.second > kDelayKept; });
    if (first_.size() >= kMaxDelayed) return false;
    auto [it, added] = first_.try_emplace(key, now);
    if (!added && now - it->second <= kDelayKept) return false;
    it->second = now;
    return true;
}

}  // namespace kith
