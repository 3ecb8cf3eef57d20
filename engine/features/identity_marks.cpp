// SPDX-License-Identifier: Apache-2.0
// Look-alike domain, known local part, known name: who a stranger might be taken for. A category,
// because people do write from second addresses under their own name, and nearly nobody from a
// domain that only looks like a known one.
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    std::string told;
    const auto tell = [&](bool there, std::string_view mark) {
        if (there) told += (told.empty() ? "" : " and ") + std::string(mark);
    };
    tell(r.look_alike_domain, "comes from a domain that looks like one known here");
    tell(r.known_name, "uses a name that is known here at another address");
    tell(r.known_local_part, "has the local part of somebody known in another domain");
    return told.empty() ? Seen::absent() : Seen::category(told);
}

}  // namespace

FeatureSpec identity_marks_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Which marks of somebody known a stranger's address carries.",
            .sentence = "%",
            .absence = "looks like nobody known here",
            .unlabelled = "looks like somebody known here",
            .relate = relate};
}

}  // namespace kith
