// SPDX-License-Identifier: Apache-2.0
// L.mix of the findings: the best single feature. Mean log ratio of the mixture to the site.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) { return r.language ? Seen::number(r.mix) : Seen::nothing(); }

}  // namespace

FeatureSpec language_mix_feature() {
    return {.group = Group::Text,
            .kind = Kind::Rank,
            .summary = "How badly the words fit sender, domain and thread, against the site.",
            .sentence = "does not sound like this sender: the words fit worse than in % of mails",
            .unlabelled = "does not sound like this sender",
            .relate = relate};
}

}  // namespace kith
