// SPDX-License-Identifier: Apache-2.0
// Type by content, extension else; the surprising one counts.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::members(attachment_types(g.message)); }

}  // namespace

FeatureSpec attachment_types_feature() {
    return {.group = Group::Text,
            .kind = Kind::Set,
            .summary = "Types of the attachments, by content where known.",
            .sentence = "attaches a file of type % for the first time",
            .unlabelled = "attaches a file of a new type",
            .extract = extract};
}

}  // namespace kith
