// SPDX-License-Identifier: Apache-2.0
// Client and its language setting.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const std::string form = attribution_form(g.message);
    return form.empty() ? Seen::nothing() : Seen::category(form);
}

}  // namespace

FeatureSpec attribution_feature() {
    return {.group = Group::Quoting,
            .kind = Kind::Category,
            .summary = "Form of the line that introduces quoted text.",
            .sentence = "introduces quotes in another form (%)",
            .extract = extract};
}

}  // namespace kith
