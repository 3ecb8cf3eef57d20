// SPDX-License-Identifier: Apache-2.0
// Rare in genuine mail and never needed by it.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (!has_html(g.message)) return Seen::nothing();
    return Seen::category(html_tricks(g.message));
}

}  // namespace

FeatureSpec form_or_data_feature() {
    return {.group = Group::Text,
            .kind = Kind::Category,
            .summary = "A form, a data: link or hidden text in the HTML.",
            .sentence = "contains a form or hidden text",
            .extract = extract};
}

}  // namespace kith
