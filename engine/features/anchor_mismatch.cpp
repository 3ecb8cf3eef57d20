// SPDX-License-Identifier: Apache-2.0
// K.mism; organisational domains are compared, and senders who always do it (tracking) are not
// surprised (FP-07).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const int mismatch = anchor_mismatch(g.message);
    return mismatch < 0 ? Seen::nothing() : Seen::flag(mismatch > 0);
}

}  // namespace

FeatureSpec anchor_mismatch_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "Visible text of a link names another host than the link goes to.",
            .sentence = "shows one address and links to another",
            .extract = extract};
}

}  // namespace kith
