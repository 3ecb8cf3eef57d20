// SPDX-License-Identifier: Apache-2.0
// L.unseen.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.language && r.history_bucket > 0 ? Seen::number(r.unseen) : Seen::nothing();
}

}  // namespace

FeatureSpec language_unseen_feature() {
    return {.group = Group::Text,
            .kind = Kind::Rank,
            .summary = "Share of distinct words the sender never used.",
            .sentence = "uses many words this sender never used",
            .relate = relate};
}

}  // namespace kith
