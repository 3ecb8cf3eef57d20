// SPDX-License-Identifier: Apache-2.0
// K.shape.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.observations.links.empty()) return Seen::nothing();
    return Seen::category(std::to_string(g.observations.links.front().shape));
}

}  // namespace

FeatureSpec link_shape_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "Skeleton of the first link's path.",
            .sentence = "has a link of an unusual form",
            .extract = extract};
}

}  // namespace kith
