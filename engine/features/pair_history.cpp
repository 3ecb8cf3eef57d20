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
    const std::string count = std::to_string(mails) + (mails == 1 ? " mail" : " mails");
    return Seen::bin(log2_bin(mails),
                     mails == 0 ? "never wrote to these readers before"
                                : "wrote to these readers before (" + count + "), unlike usual");
}

}  // namespace

FeatureSpec pair_history_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "Mails of this sender to these recipients so far.",
            .sentence = "%",
            .unlabelled = "wrote seldom or never to these recipients",
            .relate = relate};
}

}  // namespace kith
