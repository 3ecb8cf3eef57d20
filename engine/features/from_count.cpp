// SPDX-License-Identifier: Apache-2.0
// RFC 5322 allows several; hardly anybody writes them (PARSE-05).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    return Seen::category(std::to_string(g.message.from.size()));
}

}  // namespace

FeatureSpec from_count_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Number of From mailboxes.",
            .sentence = "has % From addresses",
            .extract = extract};
}

}  // namespace kith
