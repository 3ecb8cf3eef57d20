// SPDX-License-Identifier: Apache-2.0
// Each generator has its own pattern of digits, letters and punctuation.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.message_id.empty()) return Seen::absent();
    return Seen::category(skeleton(before_at(g.message.message_id)));
}

}  // namespace

FeatureSpec message_id_shape_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Skeleton of the Message-ID's left side.",
            .sentence = "has a Message-ID of another make (%)",
            .absence = "has no Message-ID",
            .extract = extract};
}

}  // namespace kith
