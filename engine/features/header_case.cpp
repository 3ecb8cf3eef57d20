// SPDX-License-Identifier: Apache-2.0
// Message-ID or Message-Id, MIME-Version or Mime-Version: a habit of the software.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) { return Seen::category(name_spelling(g.message)); }

}  // namespace

FeatureSpec header_case_feature() {
    return {.group = Group::Client,
            .kind = Kind::Category,
            .summary = "Spelling of field names that clients write differently.",
            .sentence = "spells the header field names unlike before (%)",
            .extract = extract};
}

}  // namespace kith
