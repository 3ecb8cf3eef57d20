// SPDX-License-Identifier: Apache-2.0
// Whoever has the password of one may write as another; the server often lets him.
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    switch (r.account_from) {
        case AccountFrom::None:
            break;
        case AccountFrom::Usual:
            return Seen::category("is written as an address that its login uses");
        case AccountFrom::New:
            return Seen::category("is written as an address that its login never used before");
        case AccountFrom::Others:
            return Seen::category(
                "is written as an address that its login never used before, and that is another "
                "login's");
    }
    return Seen::nothing();
}

}  // namespace

FeatureSpec account_from_feature() {
    return {.group = Group::Submission,
            .kind = Kind::Category,
            .summary = "Whether the login that submitted the mail writes as this address.",
            .sentence = "%",
            .unlabelled = "its login and its address",
            .relate = relate};
}

}  // namespace kith
