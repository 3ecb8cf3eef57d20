// SPDX-License-Identifier: Apache-2.0
// DMARC alignment of DKIM (RFC 7489, 3.1.1), relaxed.
#include <algorithm>

#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (!g.message.auth_results_present || g.message.from.empty()) return Seen::nothing();
    // With several From mailboxes one signature speaks for none of them unless it fits them all.
    const auto& from = g.message.from;
    for (const auto& r : g.message.auth_results)
        if (r.method == "dkim" && r.result == "pass" &&
            std::all_of(from.begin(), from.end(),
                        [&](const Mailbox& x) { return same_organisation(r.domain, x.domain); }))
            return Seen::category(organisation_of(from.front().domain));
    return Seen::absent();
}

}  // namespace

FeatureSpec aligned_signer_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary =
                "Organisational domain that signed the mail and is the From domain's own, or none.",
            .sentence = "is not signed as usual (signer: %)",
            .absence = "carries no signature of its own domain",
            .extract = extract};
}

}  // namespace kith
