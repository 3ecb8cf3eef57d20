// SPDX-License-Identifier: Apache-2.0
// RFC 8601 results; only of trusted authserv-ids (the parser sees to that).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (!g.message.auth_results_present) return Seen::nothing();
    return Seen::category("spf=" + auth_result(g.message, "spf") +
                          " dkim=" + auth_result(g.message, "dkim") +
                          " dmarc=" + auth_result(g.message, "dmarc"));
}

}  // namespace

FeatureSpec auth_triple_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "SPF, DKIM and DMARC results of a trusted Authentication-Results field.",
            .sentence = "has authentication results (%) unlike this sender's usual ones",
            .extract = extract};
}

}  // namespace kith
