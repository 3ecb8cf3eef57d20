// SPDX-License-Identifier: Apache-2.0
// People rarely change how they answer.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.in_reply_to.empty() && g.message.references.empty()) return Seen::nothing();
    return Seen::category(quote_style(g.message));
}

}  // namespace

FeatureSpec quote_style_feature() {
    return {.group = Group::Quoting,
            .kind = Kind::Category,
            .summary =
                "Where the own text stands to the quoted text: above, below, between, or nothing "
                "quoted.",
            .sentence = "quotes in another style (%)",
            .extract = extract};
}

}  // namespace kith
