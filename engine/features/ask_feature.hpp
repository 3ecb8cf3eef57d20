// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/features/asks.hpp"
#include "engine/features/spec.hpp"

namespace kith {

template <Ask ask>
[[nodiscard]] Seen extract_ask(const Glimpse& g) {
    return Seen::flag(g.observations.asks_for(ask));
}

/// The binary feature "asks for X". Most senders never ask for most things, which is what makes the
/// first time informative.
template <Ask ask>
[[nodiscard]] FeatureSpec ask_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "The text asks for something of this kind (vocabulary in conf/ask.d).",
            .sentence = {},  // made from the ask's name by explain
            .extract = &extract_ask<ask>};
}

}  // namespace kith
