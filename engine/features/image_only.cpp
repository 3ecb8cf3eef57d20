// SPDX-License-Identifier: Apache-2.0
// Text as a picture, QR codes.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (!has_html(g.message)) return Seen::nothing();
    return Seen::flag(g.observations.word_total < 5 && has_images(g.message));
}

}  // namespace

FeatureSpec image_only_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "HTML with images but hardly any text.",
            .sentence = "shows pictures instead of text",
            .extract = extract};
}

}  // namespace kith
