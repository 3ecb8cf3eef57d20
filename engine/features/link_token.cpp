// SPDX-License-Identifier: Apache-2.0
// K.query: personal links carry one.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.observations.links.empty()) return Seen::nothing();
    for (const auto& link : g.observations.links)
        if (link.has_token) return Seen::flag(true);
    return Seen::flag(false);
}

}  // namespace

FeatureSpec link_token_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "A long random token in a link.",
            .sentence = "has a link with a long random token",
            .extract = extract};
}

}  // namespace kith
