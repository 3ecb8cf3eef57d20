// SPDX-License-Identifier: Apache-2.0
// What the text asks for, as one: a long mail touches many subjects, a short one that does is rare.
#include "engine/features/asks.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

bool sums(std::size_t index) {
    return index >= index_of(Ask::Click) && index < index_of(Ask::kCount);
}

}  // namespace

FeatureSpec text_asks_feature() {
    return {
        .group = Group::Text,
        .kind = Kind::Sum,
        .summary = "How unusual the requests are for the sender, all kinds together.",
        .sentence = "asks for things unlike this sender, more so than % of mails of this length",
        .unlabelled = "asks for things unlike this sender",
        .sums = sums};
}

}  // namespace kith
