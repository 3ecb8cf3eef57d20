// SPDX-License-Identifier: Apache-2.0
// L.thread: idf-weighted share of words known to the thread, negated.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.language && r.has_thread_words ? Seen::number(r.thread_words) : Seen::nothing();
}

}  // namespace

FeatureSpec language_thread_feature() {
    return {.group = Group::Text,
            .kind = Kind::Rank,
            .summary = "How few of the words come from the conversation.",
            .sentence = "has hardly a word of the conversation it is in",
            .relate = relate};
}

}  // namespace kith
