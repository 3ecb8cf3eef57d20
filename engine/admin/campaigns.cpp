// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/campaigns.hpp"

#include <algorithm>

#include "engine/features/sketch.hpp"

namespace kith::admin {
namespace {

int agree(const Sketch& a, const Sketch& b) noexcept {
    return a == Sketch{} ? 0 : alike_words(a, b);  // nothing to agree about
}

}  // namespace

int same_words(const Observations& a, const Observations& b) noexcept {
    return agree(a.sketch, b.sketch);
}

std::size_t Campaigns::add(const Observations& mail) {
    std::size_t group = words_.size();
    for (const ObservedLink& link : mail.links)
        if (const auto at = by_page_.find(link.tenant); at != by_page_.end() && !link.own_domain)
            group = std::min(group, at->second);
    for (std::size_t i = 0; group == words_.size() && i < mail.sketch.size(); ++i) {
        const auto at = by_words_.find({i, mail.sketch[i]});
        if (at == by_words_.end()) continue;
        for (const std::size_t candidate : at->second)
            if (agree(words_[candidate], mail.sketch) >= kSameText)
                group = std::min(group, candidate);
    }
    if (group >= kMax) return kMax - 1;
    if (group == words_.size()) {
        words_.push_back(mail.sketch);
        for (std::size_t i = 0; i < mail.sketch.size(); ++i) {
            if (mail.sketch[i] == 0) continue;
            // Mails that share one hash and nothing else are many; a few of them are enough to look
            // at.
            auto& candidates = by_words_[{i, mail.sketch[i]}];
            if (candidates.size() < 16) candidates.push_back(group);
        }
    }
    for (const ObservedLink& link : mail.links)
        if (!link.own_domain) by_page_.try_emplace(link.tenant, group);
    return group;
}

}  // namespace kith::admin
