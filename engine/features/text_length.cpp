// SPDX-License-Identifier: Apache-2.0
// Weak by itself; learned per sender.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    return Seen::bin(log2_bin(g.observations.word_total),
                     std::to_string(g.observations.word_total));
}

}  // namespace

FeatureSpec text_length_feature() {
    return {.group = Group::Text,
            .kind = Kind::Ordinal,
            .summary = "Length of the own text, logarithmic.",
            .sentence = "is of unusual length (% word|words)",
            .extract = extract};
}

}  // namespace kith
