// SPDX-License-Identifier: Apache-2.0
// Conversation truth: only Message-IDs seen here count.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) { return Seen::category(thread_text(r.thread)); }

}  // namespace

FeatureSpec thread_state_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Whether the conversation it refers to is known, and who took part.",
            .sentence = "%",
            .unlabelled = "the conversation it refers to",
            .relate = relate};
}

}  // namespace kith
