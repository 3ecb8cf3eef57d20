// SPDX-License-Identifier: Apache-2.0
// Each kind is compared with itself.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(mail_kind(g.message, g.arrival)); }

}  // namespace

FeatureSpec list_kind_feature() {
    return {
        .group = Group::Address,
        .kind = Kind::Category,
        .summary =
            "Newsletter, mailing list, notification, automatic reply, calendar, bounce or person.",
        .sentence = "is a % for the first time",
        .extract = extract};
}

}  // namespace kith
