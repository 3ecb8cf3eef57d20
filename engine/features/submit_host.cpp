// SPDX-License-Identifier: Apache-2.0
// Host names of people's own machines are stable for years.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const ReceivedHop* hop = submission_hop(g.message);
    if (hop == nullptr || hop->from_helo.empty()) return Seen::absent();
    return Seen::category(host_shape(hop->from_helo));
}

}  // namespace

FeatureSpec submit_host_feature() {
    return {.group = Group::Submission,
            .kind = Kind::Category,
            .summary = "Name the submitting machine gave itself.",
            .sentence = "was submitted from a machine called % for the first time",
            .absence = "does not say which machine it was submitted from",
            .unlabelled = "was submitted from another machine",
            .extract = extract};
}

}  // namespace kith
