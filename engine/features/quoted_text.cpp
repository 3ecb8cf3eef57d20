// SPDX-License-Identifier: Apache-2.0
// A forged conversation quotes what nobody said.
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen relate(const Relations& r) {
    if (!(r.quoted_known >= 0)) return Seen::nothing();
    if (r.quoted_known >= 1) return Seen::category("quotes what was said in the conversation");
    if (r.quoted_known >= .5)
        return Seen::category("quotes some text that nobody wrote in the conversation");
    return Seen::category(r.quoted_known > 0
                              ? "mostly quotes text that nobody wrote in the conversation"
                              : "quotes text that nobody wrote in the conversation");
}

}  // namespace

FeatureSpec quoted_text_feature() {
    return {
        .group = Group::Address,
        .kind = Kind::Category,
        .summary =
            "How much of the quoted text was said in the conversation, where all of it is known.",
        .sentence = "%",
        .unlabelled = "quotes what was not said in the conversation",
        .relate = relate};
}

}  // namespace kith
