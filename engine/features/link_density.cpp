// SPDX-License-Identifier: Apache-2.0
// K.dens, logarithmic bins.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const std::size_t links = g.observations.links.size();
    return Seen::bin(density_bin(g.observations), links == 0 ? "no" : std::to_string(links));
}

}  // namespace

FeatureSpec link_density_feature() {
    return {.group = Group::Text,
            .kind = Kind::Ordinal,
            .summary = "Links per twelve words of own text.",
            .sentence = "has % link|links, unusual for its length",
            .unlabelled = "has unusually many links for its length",
            .extract = extract};
}

}  // namespace kith
