// SPDX-License-Identifier: Apache-2.0
// The last hop's network; an attacker with the genuine account but another server shows here.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.arrival.client_addr.empty()) return Seen::nothing();
    return Seen::category(network_of(g.arrival.client_addr));
}

}  // namespace

FeatureSpec client_network_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary =
                "Network of the client that handed the mail over: /16 of an IPv4 address, /48 of "
                "an IPv6 one.",
            .sentence = "comes from the network % for the first time",
            .unlabelled = "comes from another network",
            .extract = extract};
}

}  // namespace kith
