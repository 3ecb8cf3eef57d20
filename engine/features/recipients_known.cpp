// SPDX-License-Identifier: Apache-2.0
// None, some, all.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    if (r.recipients_known < 0) return Seen::nothing();
    return Seen::bin(r.recipients_known >= 1 ? 0 : r.recipients_known > 0 ? 1 : 2);
}

}  // namespace

FeatureSpec recipients_known_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "Share of the recipients this sender wrote to before.",
            .sentence = "writes to people this sender never wrote to",
            .relate = relate};
}

}  // namespace kith
