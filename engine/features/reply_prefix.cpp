// SPDX-License-Identifier: Apache-2.0
// Language and client.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const std::string prefix = subject_prefix(g.message.subject);
    return prefix.empty() ? Seen::nothing() : Seen::category(prefix);
}

}  // namespace

FeatureSpec reply_prefix_feature() {
    return {.group = Group::Quoting,
            .kind = Kind::Category,
            .summary = "Re:, AW:, RE: and the like in the subject.",
            .sentence = "uses the reply prefix % for the first time",
            .unlabelled = "uses another reply prefix",
            .extract = extract};
}

}  // namespace kith
