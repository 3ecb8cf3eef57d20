// SPDX-License-Identifier: Apache-2.0
// A foreign hand brings along the words of people who are not from here. Which words those are is
// learned from the first mails of all senders: "kindly", "portal", "awaiting" where nobody says so.
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.language && r.has_stranger_words && r.history_bucket > 0
               ? Seen::number(r.stranger_words)
               : Seen::nothing();
}

}  // namespace

FeatureSpec stranger_words_feature() {
    return {.group = Group::Text,
            .kind = Kind::Rank,
            .summary = "How much the words new for the sender are those of newcomers here.",
            .sentence = "speaks as newcomers do here, not as this sender",
            .relate = relate};
}

}  // namespace kith
