// SPDX-License-Identifier: Apache-2.0
// Who runs the delivering host.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.arrival.client_addr.empty()) return Seen::nothing();
    if (g.arrival.client_name.empty()) return Seen::absent();
    return Seen::category(organisation_of(g.arrival.client_name));
}

}  // namespace

FeatureSpec client_domain_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "Organisational domain of the client's verified reverse name.",
            .sentence = "is delivered by a host of % for the first time",
            .absence = "is delivered by a host without a verified name",
            .unlabelled = "is delivered by a host of another domain",
            .extract = extract};
}

}  // namespace kith
