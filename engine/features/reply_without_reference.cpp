// SPDX-License-Identifier: Apache-2.0
// Lists and phones do it as a habit, others do not (FP-13).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    return Seen::flag(!subject_prefix(g.message.subject).empty() && g.message.references.empty() &&
                      g.message.in_reply_to.empty());
}

}  // namespace

FeatureSpec reply_without_reference_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Subject of a reply without a reference to any mail.",
            .sentence = "looks like a reply but refers to no mail",
            .extract = extract};
}

}  // namespace kith
