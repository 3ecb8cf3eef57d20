// SPDX-License-Identifier: Apache-2.0
// DMARC alignment (RFC 7489, 3.1), relaxed: of DKIM, else of SPF.
#include <algorithm>

#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

/// With several From mailboxes one domain speaks for none of them unless it fits them all.
bool speaks_for_all(std::string_view domain, const std::vector<Mailbox>& from) {
    return !domain.empty() && std::all_of(from.begin(), from.end(), [&](const Mailbox& x) {
        return same_organisation(domain, x.domain);
    });
}

Seen extract(const Glimpse& g) {
    if (!g.message.auth_results_present || g.message.from.empty()) return Seen::nothing();
    const auto& from = g.message.from;
    const std::string organisation = organisation_of(from.front().domain);
    for (const auto& r : g.message.auth_results)
        if (r.method == "dkim" && r.result == "pass" && speaks_for_all(r.domain, from))
            return Seen::category(organisation);
    // A verifier that says dmarc=pass has seen one of the two, whatever else it reports.
    if (auth_result(g.message, "dmarc") == "pass" && from.size() == 1)
        return Seen::category(organisation + " by SPF");
    if (auth_result(g.message, "spf") == "pass" &&
        speaks_for_all(domain_of(g.arrival.mail_from), from))
        return Seen::category(organisation + " by SPF");
    return Seen::absent();
}

}  // namespace

FeatureSpec aligned_signer_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary =
                "Whether the From domain itself vouches for the mail, by an aligned "
                "signature or else by SPF, or nobody does.",
            .sentence = "is not vouched for as usual (by: %)",
            .absence = "is vouched for by nobody, neither a signature nor SPF of its domain",
            .extract = extract};
}

}  // namespace kith
