// SPDX-License-Identifier: Apache-2.0
// K.dens, logarithmic bins.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    return Seen::bin(density_bin(g.observations), std::to_string(g.observations.links.size()));
}

}  // namespace

FeatureSpec link_density_feature() {
    return {.group = Group::Text,
            .kind = Kind::Ordinal,
            .summary = "Links per twelve words of own text.",
            .sentence = "has % link|links for its length",
            .extract = extract};
}

}  // namespace kith
