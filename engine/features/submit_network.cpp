// SPDX-License-Identifier: Apache-2.0
// Where the writer sits, as far as the sender's server tells.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const ReceivedHop* hop = submission_hop(g.message);
    if (hop == nullptr) return Seen::absent();
    return Seen::category(network_of(hop->from_ip));
}

}  // namespace

FeatureSpec submit_network_feature() {
    return {.group = Group::Submission,
            .kind = Kind::Category,
            .summary =
                "Network of the machine the mail was submitted from (oldest Received field with an "
                "address).",
            .sentence = "was submitted from the network % for the first time",
            .absence = "does not say where it was submitted from",
            .unlabelled = "was submitted from another network",
            .extract = extract};
}

}  // namespace kith
