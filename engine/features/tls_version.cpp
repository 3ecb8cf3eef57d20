// SPDX-License-Identifier: Apache-2.0
// A change of the sending software shows in its TLS.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.arrival.tls_version.empty()) return Seen::nothing();
    return Seen::category(g.arrival.tls_version);
}

}  // namespace

FeatureSpec tls_version_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary = "TLS version of the delivering connection.",
            .sentence = "was delivered with % instead of the usual encryption",
            .unlabelled = "was delivered with unusual encryption",
            .extract = extract};
}

}  // namespace kith
