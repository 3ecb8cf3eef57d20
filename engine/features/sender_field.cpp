// SPDX-License-Identifier: Apache-2.0
// RFC 5322, 3.6.2.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(sender_relation(g.message)); }

}  // namespace

FeatureSpec sender_field_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Sender field: none, same organisation, or whose.",
            .sentence = "is sent on behalf of this sender by %",
            .unlabelled = "is sent on behalf of this sender",
            .extract = extract};
}

}  // namespace kith
