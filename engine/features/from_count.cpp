// SPDX-License-Identifier: Apache-2.0
// RFC 5322 allows several; hardly anybody writes them (PARSE-05).
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const std::size_t n = g.message.from.size();
    return Seen::category(n < 4 ? std::to_string(n) : "four or more");
}

}  // namespace

FeatureSpec from_count_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Number of From mailboxes.",
            .sentence = "has % From address|addresses",
            .unlabelled = "has an unusual number of From addresses",
            .extract = extract};
}

}  // namespace kith
