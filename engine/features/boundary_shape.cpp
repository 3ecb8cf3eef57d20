// SPDX-License-Identifier: Apache-2.0
// Each MIME library has its own pattern.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.boundary.empty()) return Seen::nothing();
    return Seen::category(skeleton(g.message.boundary));
}

}  // namespace

FeatureSpec boundary_shape_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Skeleton of the outermost MIME boundary.",
            .sentence = "has MIME boundaries of another make (%)",
            .extract = extract};
}

}  // namespace kith
