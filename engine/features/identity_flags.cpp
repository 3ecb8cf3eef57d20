// SPDX-License-Identifier: Apache-2.0
// Look-alike domain, known local part, known name: who a stranger might be taken for.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    const int flags =
        (r.look_alike_domain ? 1 : 0) + (r.known_local_part ? 1 : 0) + (r.known_name ? 1 : 0);
    return Seen::bin(flags, std::to_string(flags));
}

}  // namespace

FeatureSpec identity_flags_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "How many marks of somebody known a stranger's address carries.",
            .sentence = "has % marks of somebody known at an address never seen here",
            .relate = relate};
}

}  // namespace kith
