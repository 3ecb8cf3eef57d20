// SPDX-License-Identifier: Apache-2.0
// Experts: each weighs the surprises of the parts an attack of its kind would bring along, against
// the mail's claimed sender. Spoof, Client and Impostor are logistic models with non-negative
// weights: the start vector is a prior (0.3 for all), the learner refits them on the site's own
// mail. Text adds up ranks and newcomers' words and is never refitted: foreign texts of a site's
// own mail hardly ask for anything, so they teach little about those that do (ARCHITECTURE.md
// "Tried"). The milter only takes dot products. Covered by tests/unit/profile/experts_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/features/feature_id.hpp"

namespace kith {

/// Persistent numbers.
enum class Expert : std::uint8_t {
    Spoof = 0,     ///< somebody else under this name: everything but the name
    Client = 1,    ///< a foreign client on the sender's account: submission, client, quoting, text
    Impostor = 2,  ///< a look-alike address
    Text = 3,      ///< a foreign hand: language, links and requests, from the sender's own client
};
inline constexpr std::size_t kExpertCount = 4;
/// The first of them are refitted.
inline constexpr std::size_t kLearnedExperts = 3;
[[nodiscard]] std::string_view to_string(Expert e) noexcept;

/// Surprise vector: x_f >= 0 per feature (hinge of -ln p), 0 when the mail says nothing about it.
using Surprises = std::array<float, kFeatureCount>;

/// True when `expert` looks at the feature.
[[nodiscard]] bool looks_at(Expert expert, std::size_t feature) noexcept;

/// The start vector of one expert, and what a fit pulls its weights to: 0 for what it does not look
/// at.
[[nodiscard]] std::array<float, kFeatureCount> prior_weights(Expert expert) noexcept;

struct ExpertModel {
    std::uint32_t version = 0;  ///< 0 = the start vector; counts refits
    std::array<std::array<float, kFeatureCount>, kExpertCount> weights;
    std::array<float, kExpertCount> bias{};

    ExpertModel();  ///< start vector

    /// Raw score: bias + sum of weight * surprise over the features the expert looks at. Finite.
    [[nodiscard]] double score(Expert expert, const Surprises& x) const noexcept;
};

}  // namespace kith
