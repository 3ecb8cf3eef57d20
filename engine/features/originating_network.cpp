// SPDX-License-Identifier: Apache-2.0
// Webmail tells the browser's address.
#include "engine/base/text.hpp"
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    for (const char* name : {"X-Originating-IP", "X-Sender-IP", "X-Client-IP"})
        if (const auto value = g.message.header(name))
            return Seen::category(network_of(strip_brackets(trim(*value))));
    return Seen::nothing();
}

}  // namespace

FeatureSpec originating_network_feature() {
    return {.group = Group::Submission,
            .kind = Kind::Category,
            .summary = "Network in X-Originating-IP or a like field of webmail systems.",
            .sentence = "was written in a browser in the network % for the first time",
            .unlabelled = "was written in a browser in another network",
            .extract = extract};
}

}  // namespace kith
