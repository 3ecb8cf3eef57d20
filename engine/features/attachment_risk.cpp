// SPDX-License-Identifier: Apache-2.0
// What attackers bring along.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const std::string risk = attachment_risk(g.message);
    return risk.empty() ? Seen::absent() : Seen::category(risk);
}

}  // namespace

FeatureSpec attachment_risk_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "Macros, encryption, or a name that hides the type.",
            .sentence = "attaches a file with %",
            .absence = "attaches no file",
            .unlabelled = "attaches a file that may do harm",
            .extract = extract};
}

}  // namespace kith
