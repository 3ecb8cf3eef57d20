// SPDX-License-Identifier: Apache-2.0
// Each kind is compared with itself.
#include "engine/features/mail_kind.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    return Seen::category(std::string(to_string(mail_kind(g.message, g.arrival))));
}

}  // namespace

FeatureSpec list_kind_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary =
                "Newsletter, mailing list, bulk, notification, ticket, report, automatic reply, "
                "calendar, bounce or person.",
            .sentence = "is sent as % for the first time",
            .unlabelled = "is mail of another kind, like a newsletter or a notification",
            .extract = extract};
}

}  // namespace kith
