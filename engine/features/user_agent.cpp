// SPDX-License-Identifier: Apache-2.0
// User-Agent or X-Mailer.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.user_agent.empty()) return Seen::absent();
    return Seen::category(product_family(g.message.user_agent));
}

}  // namespace

FeatureSpec user_agent_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Family of the mail client (product name without version).",
            .sentence = "writes with the mail client % for the first time",
            .absence = "does not name its mail client",
            .unlabelled = "writes with another mail client",
            .extract = extract};
}

}  // namespace kith
