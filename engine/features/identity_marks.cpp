// SPDX-License-Identifier: Apache-2.0
// Look-alike domain, known local part, known name: who a stranger might be taken for. A category,
// because people do write from second addresses under their own name, and nearly nobody from a
// domain that only looks like a known one.
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    std::string marks;
    const auto add = [&](bool there, std::string_view mark) {
        if (there) marks += (marks.empty() ? "" : " and ") + std::string(mark);
    };
    add(r.look_alike_domain, "a look-alike domain");
    add(r.known_local_part, "a known local part");
    add(r.known_name, "a known name");
    return marks.empty() ? Seen::absent() : Seen::category(marks);
}

}  // namespace

FeatureSpec identity_marks_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Which marks of somebody known a stranger's address carries.",
            .sentence = "has % at an address never seen here",
            .relate = relate};
}

}  // namespace kith
