// SPDX-License-Identifier: Apache-2.0
// The four views of the language as one.
#include "engine/features/feature_id.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

bool sums(std::size_t index) {
    return index == index_of(FeatureId::language_mix) ||
           index == index_of(FeatureId::language_thread) ||
           index == index_of(FeatureId::language_gap) ||
           index == index_of(FeatureId::language_unseen);
}

}  // namespace

FeatureSpec text_language_feature() {
    return {.group = Group::Text,
            .kind = Kind::Sum,
            .summary = "How unlike the sender the words are, all views of the language together.",
            .sentence = "is written unlike this sender, more so than % of mails of this length",
            .unlabelled = "is written unlike this sender",
            .sums = sums};
}

}  // namespace kith
