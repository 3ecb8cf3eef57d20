// SPDX-License-Identifier: Apache-2.0
// A foreign tenant of the same cloud looks alike in every other transport feature.
#include "engine/base/text.hpp"
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const auto value = g.message.header("X-MS-Exchange-CrossTenant-Id");
    return value ? Seen::category(ascii_lower(trim(value->substr(0, 200)))) : Seen::nothing();
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
