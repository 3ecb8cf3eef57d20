// SPDX-License-Identifier: Apache-2.0
// Bins 0 to 6.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const int n = popcount(g.observations.asks);
    return Seen::bin(n < 6 ? n : 6, std::to_string(n));
}

}  // namespace

FeatureSpec ask_count_feature() {
    return {.group = Group::Text,
            .kind = Kind::Ordinal,
            .summary = "How many different things the text asks for.",
            .sentence = "asks for % thing|things at once",
            .unlabelled = "asks for many things at once",
            .extract = extract};
}

}  // namespace kith
