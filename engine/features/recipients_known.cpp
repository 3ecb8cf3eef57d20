// SPDX-License-Identifier: Apache-2.0
// None, some, all.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    if (r.recipients_known < 0) return Seen::nothing();
    if (r.recipients_known >= 1) return Seen::bin(0, "writes only to people it wrote to before");
    if (r.recipients_known > 0)
        return Seen::bin(1, "also writes to people this sender never wrote to");
    return Seen::bin(2, "writes to people this sender never wrote to");
}

}  // namespace

FeatureSpec recipients_known_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "Share of the recipients this sender wrote to before.",
            .sentence = "%",
            .unlabelled = "writes to recipients it did not write to before",
            .relate = relate};
}

}  // namespace kith
