// SPDX-License-Identifier: Apache-2.0
// What is new about the links, as one.
#include "engine/features/feature_id.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

bool sums(std::size_t index) {
    constexpr FeatureId kMembers[] = {
        FeatureId::link_host,       FeatureId::link_tenant,  FeatureId::link_density,
        FeatureId::link_token,      FeatureId::link_shape,   FeatureId::link_place,
        FeatureId::anchor_mismatch, FeatureId::form_or_data, FeatureId::link_file,
        FeatureId::link_asks,       FeatureId::link_opaque,  FeatureId::link_words};
    for (const FeatureId id : kMembers)
        if (index_of(id) == index) return true;
    return false;
}

}  // namespace

FeatureSpec text_links_feature() {
    return {.group = Group::Text,
            .kind = Kind::Sum,
            .summary = "How unusual the links are for the sender, everything about them together.",
            .sentence =
                "has links unlike this sender's, more so than those of % of mails of this length",
            .unlabelled = "has links unlike this sender's",
            .sums = sums};
}

}  // namespace kith
