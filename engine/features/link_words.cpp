// SPDX-License-Identifier: Apache-2.0
// L.url: a genuine link is usually about the conversation.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.url_words ? Seen::number(1 - r.url_known) : Seen::nothing();
}

}  // namespace

FeatureSpec link_words_feature() {
    return {
        .group = Group::Text,
        .kind = Kind::Rank,
        .summary = "Share of the words inside the link that thread, sender and site do not know.",
        .sentence = "links to a page whose name says nothing known here",
        .relate = relate};
}

}  // namespace kith
