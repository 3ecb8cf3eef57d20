// SPDX-License-Identifier: Apache-2.0
// Fields that filters and relays on the way add are left out.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::members(client_fields(g.message)); }

}  // namespace

FeatureSpec x_headers_feature() {
    return {.group = Group::Client,
            .kind = Kind::Set,
            .summary = "Names of the non-standard header fields that the sending side adds.",
            .sentence = "carries the header field % for the first time",
            .unlabelled = "carries another header field",
            .extract = extract};
}

}  // namespace kith
