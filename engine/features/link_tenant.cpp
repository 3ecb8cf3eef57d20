// SPDX-License-Identifier: Apache-2.0
// K.tcls: shared hosts are not one place.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    return r.tenant == Novelty::None ? Seen::absent() : Seen::category(novelty_text(r.tenant));
}

}  // namespace

FeatureSpec link_tenant_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "How new the newest link's tenant (host and first path segment) is.",
            .sentence = "links to a page owner %",
            .absence = "has no link",
            .unlabelled = "links to a new page owner",
            .relate = relate};
}

}  // namespace kith
