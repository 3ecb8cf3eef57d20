// SPDX-License-Identifier: Apache-2.0
// Precedence, not adjacency: a field that is left out changes no other pair.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::members(header_precedences(g.message)); }

}  // namespace

FeatureSpec header_order_feature() {
    return {
        .group = Group::Client,
        .kind = Kind::Set,
        .summary = "Which of two well-known header fields stands first, for every pair present.",
        .sentence = "orders the header fields unlike before (%)",
        .extract = extract};
}

}  // namespace kith
