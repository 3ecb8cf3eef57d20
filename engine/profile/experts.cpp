// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/experts.hpp"

#include <algorithm>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

/// What never occurs in the site's own mail must still count: the prior every weight is pulled to.
constexpr float kPriorWeight = 0.3F;
/// How rare the marks of somebody known are among newcomers is the impostor's question itself;
/// generated impostors differ in so much else that a fit would hardly need them.
constexpr float kMarksWeight = 1.2F;
/// The claimed person's client is foreign in many features at once, each of them counted.
constexpr float kClaimWeight = 0.1F;
/// Until the first fit. A mail of no surprise is by far more often genuine than not: without these
/// the client expert hears a foreign client in every mail. As fitted on a real and on a synthetic
/// site (-6.9, -6.0, -2.7; -5.3, -5.9, -3.9); the weights of the two have little in common.
constexpr std::array<float, kLearnedExperts> kStartBias = {-6.5F, -6, -3};
/// Text: ranks are bounded and comparable, each counts whole; one at 1 in 20 is where doubt begins.
constexpr float kTextWeight = 1, kTextBias = -3;

/// What Text hears beside the ranked sums. Another account or number than ever is one line of a
/// mail that may be ordinary otherwise, and lost in a rank.
bool stands_alone(std::size_t feature) noexcept {
    return feature == index_of(FeatureId::stranger_words) ||
           feature == index_of(FeatureId::payment_data) ||
           feature == index_of(FeatureId::phone_number);
}

bool looks(Expert expert, std::size_t feature) noexcept {
    const FeatureSpec& spec = feature_spec(feature);
    if (expert == Expert::Text) return spec.kind == Kind::Sum || stands_alone(feature);
    if (spec.kind == Kind::Sum) return false;
    // Tells what a domain is, not who writes.
    if (feature == index_of(FeatureId::colleague_copied)) return false;
    if (spec.kind == Kind::Relief) return false;  // the same for all ways, see raw_score()
    if (spec.kind == Kind::Claim) return expert == Expert::Impostor;
    const Group g = spec.group;
    switch (expert) {
        case Expert::Spoof:
        case Expert::Impostor:
            return g != Group::Name;
        case Expert::Client:
            return g == Group::Submission || g == Group::Client || g == Group::Quoting ||
                   g == Group::Text;
        case Expert::Text:
            break;  // above
    }
    return false;
}

constexpr std::array<std::string_view, kExpertCount> kNames = {"spoof", "client", "impostor",
                                                               "text"};

}  // namespace

std::string_view to_string(Expert e) noexcept { return kNames[static_cast<std::size_t>(e)]; }

bool looks_at(Expert expert, std::size_t feature) noexcept {
    static const auto table = [] {
        std::array<std::array<bool, kFeatureCount>, kExpertCount> t{};
        for (std::size_t e = 0; e < kExpertCount; ++e)
            for (std::size_t f = 0; f < kFeatureCount; ++f)
                t[e][f] = looks(static_cast<Expert>(e), f);
        return t;
    }();
    return table[static_cast<std::size_t>(expert)][feature];
}

std::array<float, kFeatureCount> prior_weights(Expert expert) noexcept {
    std::array<float, kFeatureCount> prior{};
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (looks_at(expert, f))
            prior[f] = feature_spec(f).kind == Kind::Sum ? kTextWeight : kPriorWeight;
    if (expert == Expert::Impostor) {
        prior[index_of(FeatureId::identity_marks)] = kMarksWeight;
        prior[index_of(FeatureId::claimed_client)] = kClaimWeight;
    }
    return prior;
}

ExpertModel::ExpertModel() : weights{} {
    for (std::size_t e = 0; e < kExpertCount; ++e)
        weights[e] = prior_weights(static_cast<Expert>(e));
    std::copy(kStartBias.begin(), kStartBias.end(), bias.begin());
    bias[static_cast<std::size_t>(Expert::Text)] = kTextBias;
}

double ExpertModel::score(Expert expert, const Surprises& x) const noexcept {
    const auto e = static_cast<std::size_t>(expert);
    double sum = static_cast<double>(bias[e]);
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        sum += static_cast<double>(weights[e][f]) * static_cast<double>(x[f]);
    return sum;
}

}  // namespace kith
