// SPDX-License-Identifier: Apache-2.0
// The language the client is set to.
#include "engine/base/text.hpp"
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const auto value = g.message.header("Content-Language");
    return value ? Seen::category(ascii_lower(trim(*value))) : Seen::absent();
}

}  // namespace

FeatureSpec content_language_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Content-Language field.",
            .sentence = "declares the language % for the first time",
            .absence = "declares no language",
            .unlabelled = "declares another language",
            .extract = extract};
}

}  // namespace kith
