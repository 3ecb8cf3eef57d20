// SPDX-License-Identifier: Apache-2.0
// Usually the submitting machine or the provider.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.message_id.empty()) return Seen::absent();
    return Seen::category(host_shape(domain_of(g.message.message_id)));
}

}  // namespace

FeatureSpec message_id_host_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Right side of the Message-ID, random parts folded.",
            .sentence = "has a Message-ID made by % for the first time",
            .absence = "has a Message-ID without a host, or none",
            .unlabelled = "has a Message-ID made elsewhere",
            .extract = extract};
}

}  // namespace kith
