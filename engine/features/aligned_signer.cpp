// SPDX-License-Identifier: Apache-2.0
// DMARC alignment of DKIM (RFC 7489, 3.1.1), relaxed.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (!g.message.auth_results_present || g.message.from.empty()) return Seen::nothing();
    const std::string from = organisation_of(g.message.from.front().domain);
    for (const auto& r : g.message.auth_results)
        if (r.method == "dkim" && r.result == "pass" && organisation_of(r.domain) == from) return Seen::category(from);
    return Seen::absent();
}

}  // namespace

FeatureSpec aligned_signer_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "Organisational domain that signed the mail and is the From domain's own, or none.",
            .sentence = "is not signed as usual (signer: %)",
            .extract = extract};
}

}  // namespace kith
