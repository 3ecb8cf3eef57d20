// SPDX-License-Identifier: Apache-2.0
// The strongest single client feature; daylight saving gives each sender two values.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    if (!g.message.date_utc_offset_minutes) return Seen::absent();
    return Seen::category(utc_offset_text(*g.message.date_utc_offset_minutes));
}

}  // namespace

FeatureSpec time_zone_feature() {
    return {.group = Group::Submission,
            .kind = Kind::Category,
            .summary = "UTC offset of the Date field.",
            .sentence = "writes in the time zone % for the first time",
            .absence = "has no time zone",
            .unlabelled = "writes in another time zone",
            .extract = extract};
}

}  // namespace kith
