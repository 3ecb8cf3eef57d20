// SPDX-License-Identifier: Apache-2.0
// IBANs pass their check digits before they count; only keyed hashes are kept.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.payment == Novelty::None ? Seen::absent() : Seen::category(novelty_text(r.payment));
}

}  // namespace

FeatureSpec payment_data_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "Bank account or wallet: none, known of this sender, known elsewhere, new.",
            .sentence = "names payment data %",
            .absence = "names no payment data",
            .unlabelled = "names payment data",
            .relate = relate};
}

}  // namespace kith
