// SPDX-License-Identifier: Apache-2.0
// L.wgap.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.language && r.history_bucket > 0 ? Seen::number(r.word_gap) : Seen::nothing();
}

}  // namespace

FeatureSpec language_gap_feature() {
    return {.group = Group::Text,
            .kind = Kind::Rank,
            .summary = "How much likelier the site is to use these words than the sender.",
            .sentence = "uses words that others here use, not this sender",
            .relate = relate};
}

}  // namespace kith
