// SPDX-License-Identifier: Apache-2.0
// One value for the whole order: cheaper evidence than single pairs.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(core_order(g.message)); }

}  // namespace

FeatureSpec header_core_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Order of the seven fields nearly every mail has.",
            .sentence = "orders From, To, Subject, Date and the like unlike before",
            .extract = extract};
}

}  // namespace kith
