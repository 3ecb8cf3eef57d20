// SPDX-License-Identifier: Apache-2.0
// Logarithmic bins.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    // Decayed counts are small; the bound keeps a damaged one convertible.
    const double n = r.pair_messages > 0 ? (r.pair_messages < 1e6 ? r.pair_messages : 1e6) : 0;
    const auto mails = static_cast<std::uint32_t>(n);
    return Seen::bin(log2_bin(mails), std::to_string(mails));
}

}  // namespace

FeatureSpec pair_history_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "Mails of this sender to these recipients so far.",
            .sentence = "hardly ever wrote to these readers (% mails)",
            .relate = relate};
}

}  // namespace kith
