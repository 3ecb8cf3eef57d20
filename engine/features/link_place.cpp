// SPDX-License-Identifier: Apache-2.0
// K.cta: a call to action stands alone or behind a few words.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(link_place(g.message)); }

}  // namespace

FeatureSpec link_place_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "Where links stand: alone on a line, within text, behind words.",
            .sentence = "places its link unlike before (%)",
            .extract = extract};
}

}  // namespace kith
