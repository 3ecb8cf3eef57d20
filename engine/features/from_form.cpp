// SPDX-License-Identifier: Apache-2.0
// Quoting of display names is a habit of the client.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.from.empty()) return Seen::absent();
    return Seen::category(name_form(g.message.from.front()));
}

}  // namespace

FeatureSpec from_form_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "How the From field is written: bare, quoted, encoded, with a name or not.",
            .sentence = "writes its From field in another form (%)",
            .absence = "has no From field",
            .extract = extract};
}

}  // namespace kith
