// SPDX-License-Identifier: Apache-2.0
// Not used where another identity is tried on: it travels with the claim.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.from.empty()) return Seen::nothing();
    if (g.message.from.front().display_name.empty()) return Seen::absent();
    return Seen::category(g.message.from.front().display_name);
}

}  // namespace

FeatureSpec display_name_feature() {
    return {.group = Group::Name,
            .kind = Kind::Category,
            .summary = "Display name of the From address.",
            .sentence = "writes under the name % for the first time",
            .absence = "gives no display name",
            .unlabelled = "writes under another name",
            .extract = extract};
}

}  // namespace kith
