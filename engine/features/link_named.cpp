// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    constexpr double kMost = 3, kEnough = .5;  // nats; share of known words from which on it is all
    if (!r.new_link || r.link_known <= 0) return Seen::nothing();
    return Seen::number(kMost * std::min(1.0, r.link_known / kEnough));
}

}  // namespace

FeatureSpec link_named_feature() {
    return {.group = Group::Text,
            .kind = Kind::Relief,
            .summary =
                "How far the new links are named in words that the conversation, the sender or the "
                "site know.",
            .sentence = "links to a page named in words that are known here",
            .relieves = Stratum::NewLink,
            .relate = relate};
}

}  // namespace kith
