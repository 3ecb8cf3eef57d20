// SPDX-License-Identifier: Apache-2.0
// Callback fraud.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.phone == Novelty::None ? Seen::absent() : Seen::category(novelty_text(r.phone));
}

}  // namespace

FeatureSpec phone_number_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary =
                "Phone number in the own text: none, known of this sender, known elsewhere, new.",
            .sentence = "names a phone number %",
            .absence = "names no phone number",
            .unlabelled = "names a phone number",
            .relate = relate};
}

}  // namespace kith
