// SPDX-License-Identifier: Apache-2.0
// Set by the client as a rule, by the writer when in a hurry.
#include "engine/base/text.hpp"
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    for (const char* name : {"X-Priority", "Importance", "X-MSMail-Priority"})
        if (const auto value = g.message.header(name))
            return Seen::category(std::string(name) + " " + ascii_lower(trim(*value)));
    return Seen::absent();
}

}  // namespace

FeatureSpec priority_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "X-Priority, Importance and X-MSMail-Priority.",
            .sentence = "marks its mail as % for the first time",
            .absence = "marks no priority",
            .unlabelled = "marks its mail with another priority",
            .extract = extract};
}

}  // namespace kith
