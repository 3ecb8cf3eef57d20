// SPDX-License-Identifier: Apache-2.0
// Same address, same organisation, or whose; SRS, VERP and BATV forms are folded (FP-21).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.from.empty()) return Seen::nothing();
    return Seen::category(envelope_relation(g.arrival.mail_from, g.message.from.front()));
}

}  // namespace

FeatureSpec return_path_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "Relation of the envelope sender to the From address.",
            .sentence = "has the envelope sender %",
            .unlabelled = "has another envelope sender",
            .extract = extract};
}

}  // namespace kith
