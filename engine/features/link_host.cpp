// SPDX-License-Identifier: Apache-2.0
// K.hcls: a class, so that a newsletter that always brings new hosts is not surprised by one.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.host == Novelty::None ? Seen::absent() : Seen::category(novelty_text(r.host));
}

}  // namespace

FeatureSpec link_host_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary =
                "How new the newest link host is: used by the sender, its domain, five senders, "
                "fewer, nobody.",
            .sentence = "links to a host %",
            .absence = "has no link",
            .unlabelled = "links to a new host",
            .relate = relate};
}

}  // namespace kith
