// SPDX-License-Identifier: Apache-2.0
// Logarithmic bins.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return Seen::bin(log2_bin(static_cast<std::uint32_t>(r.pair_messages)), std::to_string(static_cast<int>(r.pair_messages)));
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
