// SPDX-License-Identifier: Apache-2.0
// The list follows which fields the client wrote and the signer's configuration.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (g.message.dkim.empty()) return Seen::nothing();
    return Seen::category(g.message.dkim.front().signed_headers);
}

}  // namespace

FeatureSpec dkim_fields_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "List of header fields the first DKIM signature covers.",
            .sentence = "is signed over another list of header fields",
            .extract = extract};
}

}  // namespace kith
