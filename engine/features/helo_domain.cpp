// SPDX-License-Identifier: Apache-2.0
// What the delivering host calls itself.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.arrival.helo.empty()) return Seen::nothing();
    return Seen::category(organisation_of(g.arrival.helo));
}

}  // namespace

FeatureSpec helo_domain_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "Organisational domain of the HELO name, or its form when it is an address.",
            .sentence = "is delivered by a host that calls itself % for the first time",
            .unlabelled = "is delivered by a host that calls itself otherwise",
            .extract = extract};
}

}  // namespace kith
