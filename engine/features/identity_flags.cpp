// SPDX-License-Identifier: Apache-2.0
// Look-alike domain, known local part, known name: who a stranger might be taken for.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    const int flags =
        (r.look_alike_domain ? 1 : 0) + (r.known_local_part ? 1 : 0) + (r.known_name ? 1 : 0);
    std::string told;
    const auto tell = [&](bool set, const char* text) {
        if (set) told += (told.empty() ? "" : " and ") + std::string(text);
    };
    tell(r.look_alike_domain, "comes from a domain that looks like one known here");
    tell(r.known_name, "uses a name that is known here at another address");
    tell(r.known_local_part, "has the local part of somebody known in another domain");
    return Seen::bin(flags, told.empty() ? "looks like nobody known here" : told);
}

}  // namespace

FeatureSpec identity_flags_feature() {
    return {.group = Group::Address,
            .kind = Kind::Ordinal,
            .summary = "How many marks of somebody known a stranger's address carries.",
            .sentence = "%",
            .relate = relate};
}

}  // namespace kith
