// SPDX-License-Identifier: Apache-2.0
// A foreign tenant of the same cloud looks alike in every other transport feature.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"
#include "engine/base/text.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    for (const char* name : {"X-MS-Exchange-CrossTenant-Id", "X-MS-Exchange-CrossTenant-id", "X-Google-Original-From"})
        if (const auto value = g.message.header(name)) return Seen::category(ascii_lower(trim(*value)));
    return Seen::nothing();
}

}  // namespace

FeatureSpec cloud_tenant_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "Tenant identifier that a mail provider stamps on its customers' mail.",
            .sentence = "comes from another customer account (%) of the sender's mail provider",
            .extract = extract};
}

}  // namespace kith
