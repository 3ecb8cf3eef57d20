// SPDX-License-Identifier: Apache-2.0
// format=flowed, charset quoting, type= and their order.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const auto value = g.message.header("Content-Type");
    return value ? Seen::category(parameter_names(*value)) : Seen::absent();
}

}  // namespace

FeatureSpec content_params_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Names, order and quoting of the parameters of the top Content-Type.",
            .sentence = "describes its content in another form (%)",
            .absence = "describes its content without parameters",
            .extract = extract};
}

}  // namespace kith
