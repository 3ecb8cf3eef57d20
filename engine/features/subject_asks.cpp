// SPDX-License-Identifier: Apache-2.0
// K.subint.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::flag(subject_asks(g.message)); }

}  // namespace

FeatureSpec subject_asks_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "The subject itself asks for something.",
            .sentence = "asks in the subject line",
            .extract = extract};
}

}  // namespace kith
