// SPDX-License-Identifier: Apache-2.0
// People of a firm are addressed together, customers of a mail provider have nothing to do with
// each other. Says little about one mail; of a domain it tells what it is (Relations::firm).
#include <algorithm>

#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    const Message& m = g.message;
    if (m.from.empty() || m.from.front().domain.empty()) return Seen::nothing();
    const Mailbox& from = m.from.front();
    const auto is_colleague = [&](const Mailbox& reader) {
        return same_organisation(reader.domain, from.domain) && reader.address() != from.address();
    };
    const auto any = [&](const std::vector<Mailbox>& list) {
        return std::any_of(list.begin(), list.end(), is_colleague);
    };
    return any(m.to) || any(m.cc) ? Seen::category("a colleague") : Seen::absent();
}

}  // namespace

FeatureSpec colleague_copied_feature() {
    return {.group = Group::Address,
            .kind = Kind::Category,
            .summary = "Whether somebody else of the sender's own organisation is among To and Cc.",
            .sentence = "addresses % of its own organisation for the first time",
            .absence = "addresses nobody of its own organisation",
            .unlabelled = "addresses others of its own organisation",
            .extract = extract};
}

}  // namespace kith
