// SPDX-License-Identifier: Apache-2.0
// Reply-To diversion; lists and ticket systems that always do it are not surprised (FP-01, FP-02).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(reply_relation(g.message)); }

}  // namespace

FeatureSpec reply_to_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Where answers go: nowhere else, same organisation, or whose.",
            .sentence = "wants answers at % for the first time",
            .unlabelled = "wants answers at another address",
            .extract = extract};
}

}  // namespace kith
