// SPDX-License-Identifier: Apache-2.0
// Blind copies are a habit of fan-out attacks and of lists.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(recipient_place(g.message, g.arrival)); }

}  // namespace

FeatureSpec recipient_place_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Whether the envelope recipients stand in To, Cc or nowhere.",
            .sentence = "names its readers % for the first time",
            .unlabelled = "names its readers in other fields",
            .extract = extract};
}

}  // namespace kith
