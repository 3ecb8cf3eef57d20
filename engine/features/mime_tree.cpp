// SPDX-License-Identifier: Apache-2.0
// Plain, alternative, related, mixed: how the client builds a mail.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(g.message.mime_tree); }

}  // namespace

FeatureSpec mime_tree_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Tree of media types.",
            .sentence = "is built unlike this sender's mail (%)",
            .extract = extract};
}

}  // namespace kith
