// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/kept_judgement.hpp"

#include <algorithm>
#include <vector>

#include "engine/accounts/explain.hpp"
#include "engine/base/text.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxReasons = 4, kMaxText = 400;

std::string feature_words(std::size_t feature) {
    std::string out(kAccountFeatureSpecs[feature].name);
    std::replace(out.begin(), out.end(), '_', ' ');
    return out;
}

}  // namespace

KeptJudgement kept_of(const AccountJudgement& judged, Time recorded) {
    KeptJudgement out;
    out.recorded = recorded;
    out.risk = static_cast<float>(judged.risk);
    out.hand = static_cast<float>(judged.hand);
    out.indicators = judged.indicators;
    out.unseen = judged.unseen;
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (judged.nats[f] >= kLeastKeptNats) out.nats[f] = judged.nats[f];
    return out;
}

bool is_worth_keeping(const KeptJudgement& kept) noexcept {
    return kept.risk >= kLeastKeptRisk || kept.indicators != 0 || kept.unseen != 0 ||
           std::any_of(kept.nats.begin(), kept.nats.end(), [](float x) { return x > 0; });
}

std::string event_text(const JudgedEvent& e) {
    std::vector<std::size_t> order;
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (e.judged.nats[f] > 0 || is_unseen(e.judged, f)) order.push_back(f);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return e.judged.nats[a] > e.judged.nats[b];
    });
    std::string out = act_text(e.seen);
    for (std::size_t i = 0; i < order.size() && i < kMaxReasons; ++i)
        out += (i == 0 ? ": " : ", ") +
               std::string(is_unseen(e.judged, order[i]) ? "new " : "unusual ") +
               feature_words(order[i]);
    return std::string(utf8_prefix(out, kMaxText));
}

}  // namespace kith
