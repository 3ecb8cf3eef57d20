// SPDX-License-Identifier: Apache-2.0
// Logarithmic bins.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const std::size_t n = g.message.to.size() + g.message.cc.size();
    return Seen::bin(log2_bin(static_cast<std::uint32_t>(n)), std::to_string(n));
}

}  // namespace

FeatureSpec recipient_count_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "Number of recipients in To and Cc.",
            .sentence = "writes to % recipient|recipients",
            .unlabelled = "writes to an unusual number of recipients",
            .extract = extract};
}

}  // namespace kith
