// SPDX-License-Identifier: Apache-2.0
// As claimed; the trusted result is in auth_triple and aligned_signer.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.dkim.empty()) return Seen::absent();
    std::vector<std::string> signers;
    for (const auto& claim : g.message.dkim)
        signers.push_back(claim.domain + "/" + selector_shape(claim.selector));
    return Seen::category(join_sorted(std::move(signers)));
}

}  // namespace

FeatureSpec dkim_signer_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "Domains and selectors of the DKIM signatures the mail carries.",
            .sentence = "is signed by % for the first time",
            .absence = "carries no DKIM signature",
            .unlabelled = "is signed by another domain",
            .extract = extract};
}

}  // namespace kith
