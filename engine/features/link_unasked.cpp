// SPDX-License-Identifier: Apache-2.0
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    constexpr double kMost = 1;  // nats
    return r.new_link && r.link_asks == 0 ? Seen::number(kMost) : Seen::nothing();
}

}  // namespace

FeatureSpec link_unasked_feature() {
    return {.group = Group::Text,
            .kind = Kind::Relief,
            .summary = "Nothing is asked beside the new links.",
            .sentence = "asks for nothing beside its link",
            .relieves = Stratum::NewLink,
            .relate = relate};
}

}  // namespace kith
