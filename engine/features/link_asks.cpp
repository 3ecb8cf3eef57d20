// SPDX-License-Identifier: Apache-2.0
// Bins 0 to 4.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    if (!r.new_link) return Seen::nothing();
    const int n = popcount(r.link_asks);
    return Seen::bin(n < 4 ? n : 4, std::to_string(n));
}

}  // namespace

FeatureSpec link_asks_feature() {
    return {.group = Group::Text,
            .kind = Kind::Ordinal,
            .summary =
                "How many things are asked in the words beside a link that is new for the sender.",
            .sentence = "asks for % thing|things beside a new link",
            .unlabelled = "asks for things beside a new link",
            .relate = relate};
}

}  // namespace kith
