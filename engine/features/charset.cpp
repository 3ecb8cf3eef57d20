// SPDX-License-Identifier: Apache-2.0
// Client and language decide it together.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const Part* part = first_text_part(g.message);
    if (part == nullptr) return Seen::absent();
    return Seen::category(part->charset + "/" + part->encoding);
}

}  // namespace

FeatureSpec charset_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Character set and transfer encoding of the first text part.",
            .sentence = "uses % for the first time",
            .absence = "has no text part",
            .unlabelled = "uses another character set",
            .extract = extract};
}

}  // namespace kith
