// SPDX-License-Identifier: Apache-2.0
// Personal pages of file services have names of random characters.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const Readable links = readable_links(g.message, g.own_domains);
    return links == Readable::NoLink ? Seen::nothing() : Seen::flag(links == Readable::No);
}

}  // namespace

FeatureSpec link_opaque_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "A link whose path and query have no word that could be read.",
            .sentence = "has a link that does not say where it leads",
            .extract = extract};
}

}  // namespace kith
