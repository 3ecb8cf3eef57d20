// SPDX-License-Identifier: Apache-2.0
// The first tags are the client's, the later ones the writer's.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.html_skeleton.empty()) return Seen::nothing();
    return Seen::category(g.message.html_skeleton.substr(0, 48));
}

}  // namespace

FeatureSpec html_skeleton_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Sequence of HTML tags with the shapes of class names.",
            .sentence = "has HTML of another make",
            .extract = extract};
}

}  // namespace kith
