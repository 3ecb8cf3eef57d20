// SPDX-License-Identifier: Apache-2.0
// Never, long ago, within 90 days, within 7 days.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) { return Seen::bin(r.wrote_back, wrote_back_text(r.wrote_back)); }

}  // namespace

FeatureSpec wrote_back_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "When somebody here last wrote to this sender.",
            .sentence = "%",
            .unlabelled = "nobody here wrote to it lately",
            .relate = relate};
}

}  // namespace kith
