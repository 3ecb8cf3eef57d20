// SPDX-License-Identifier: Apache-2.0
// What kind of file the link leads to, by its extension.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::members(link_file_types(g.message, g.own_domains)); }

}  // namespace

FeatureSpec link_file_feature() {
    return {.group = Group::Text,
            .kind = Kind::Set,
            .summary = "Kinds of file the links lead to, by extension.",
            .sentence = "links to a file of kind % for the first time",
            .unlabelled = "links to a file of a new kind",
            .extract = extract};
}

}  // namespace kith
