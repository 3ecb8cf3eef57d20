// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/state.hpp"

#include <algorithm>
#include <cmath>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

constexpr float kForgottenWord = 0.1F;

template <class Words>
auto find_word(Words& words, std::uint32_t word) {
    return std::lower_bound(words.begin(), words.end(), word,
                            [](const Vocabulary::Use& u, std::uint32_t w) { return u.word < w; });
}

}  // namespace

float Vocabulary::count(std::uint32_t word) const noexcept {
    const auto it = find_word(words, word);
    return it != words.end() && it->word == word ? it->count : 0;
}

void Vocabulary::add(std::uint32_t word, float weight) {
    const auto it = find_word(words, word);
    if (it != words.end() && it->word == word)
        it->count += weight;
    else
        words.insert(it, Use{word, weight});
    total += weight;
}

void Vocabulary::retract(std::uint32_t word, float weight) {
    constexpr float kRetracted = 1e-3F;  // left by rounding
    total = std::max(0.0F, total - weight);
    const auto it = find_word(words, word);
    if (it == words.end() || it->word != word) return;
    it->count -= weight;
    if (it->count < kRetracted) words.erase(it);
}

void Vocabulary::age(Time now, double half_life_days) {
    if (aged == Time{}) aged = now;
    const double passed = days_between(aged, now);
    if (passed < 1) return;
    aged = now;
    const auto factor = static_cast<float>(std::exp2(-passed / half_life_days));
    total *= factor;
    for (auto& u : words) u.count *= factor;
    std::erase_if(words, [](const Use& u) { return u.count < kForgottenWord; });
}

void Vocabulary::trim(std::size_t max_words) {
    if (words.size() <= max_words) return;
    // Cut a quarter more than needed, so that trimming is rare. `total` keeps the cut words'
    // weight: they were used.
    const std::size_t keep = max_words - max_words / 4;
    std::vector<float> counts;
    counts.reserve(words.size());
    for (const auto& u : words) counts.push_back(u.count);
    std::nth_element(counts.begin(),
                     counts.begin() + static_cast<std::ptrdiff_t>(words.size() - keep),
                     counts.end());
    const float limit = counts[words.size() - keep];
    std::size_t ties =
        keep - static_cast<std::size_t>(std::count_if(
                   words.begin(), words.end(), [&](const Use& u) { return u.count > limit; }));
    std::erase_if(words, [&](const Use& u) {
        if (u.count > limit) return false;
        if (u.count == limit && ties > 0) {
            --ties;
            return false;
        }
        return true;
    });
}

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t item) noexcept {
    return std::find(list.begin(), list.end(), item) != list.end();
}

bool remember(std::vector<std::uint32_t>& list, std::uint32_t item, std::size_t limit) {
    const auto it = std::find(list.begin(), list.end(), item);
    const bool fresh = it == list.end();
    if (!fresh)
        list.erase(it);
    else if (list.size() >= limit)
        list.erase(list.begin());
    list.push_back(item);
    return fresh;
}

void People::rank(std::uint32_t address, float ties) {
    std::erase_if(central, [&](const Central& c) { return c.address == address; });
    const auto place = std::find_if(central.begin(), central.end(),
                                    [&](const Central& c) { return c.ties < ties; });
    central.insert(place, {address, ties});
    if (central.size() > kMaxCentral) central.pop_back();
}

std::size_t People::vips() const noexcept {
    constexpr float kShare = .05F, kFewestTies = 5;
    const auto most = std::min(central.size(), static_cast<std::size_t>(std::ceil(kShare * tied)));
    std::size_t n = 0;
    while (n < most && central[n].ties >= kFewestTies) ++n;
    return n;
}

bool People::is_vip(std::uint32_t address) const noexcept {
    const auto end = central.begin() + static_cast<std::ptrdiff_t>(vips());
    return std::any_of(central.begin(), end,
                       [&](const Central& c) { return c.address == address; });
}

bool has_ranks(std::size_t feature) noexcept {
    const Kind kind = feature_spec(feature).kind;
    return kind == Kind::Rank || kind == Kind::Sum;
}

std::size_t rank_bucket(std::size_t feature, int length, int history) noexcept {
    // What is added up is relative to the sender's own history already.
    if (feature_spec(feature).kind == Kind::Sum) history = 0;
    return static_cast<std::size_t>(length) * kHistoryBuckets + static_cast<std::size_t>(history);
}

SiteState::SiteState() : anomaly(kFeatureCount) {
    for (auto& direction : scores)
        for (auto& ring : direction) ring = ScoreRing(kScoreRing);
    for (auto& ring : evidence) ring = ScoreRing(kLevelRing);
    for (auto& direction : stage_evidence)
        for (auto& ring : direction) ring = ScoreRing(kStageRing);
    for (auto& direction : indicators)
        for (auto& ring : direction) ring = ScoreRing(kIndicatorRing);
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (has_ranks(f))
            ranks[f].assign(kRankBuckets,
                            ScoreRing(feature_spec(f).kind == Kind::Sum ? kSumRing : kRankRing));
}

}  // namespace kith
