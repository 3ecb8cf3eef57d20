// SPDX-License-Identifier: Apache-2.0
// The way through the sender's servers.
#include "engine/features/helpers.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

Seen extract(const Glimpse& g) {
    std::string path;
    std::size_t hops = 0;
    for (const auto& hop : g.message.received) {
        if (hops == 2) break;
        if (hop.by.empty() || is_own(hop.by, g.own_domains)) continue;
        path += (path.empty() ? "" : " < ") + organisation_of(hop.by) + "/" + hop.with;
        ++hops;
    }
    return path.empty() ? Seen::absent() : Seen::category(path);
}

}  // namespace

FeatureSpec relay_path_feature() {
    return {.group = Group::Transport,
            .kind = Kind::Category,
            .summary =
                "Organisations and protocols of the last two external hops of the Received chain.",
            .sentence = "came by a new way (%)",
            .absence = "came without a trace of other servers",
            .extract = extract};
}

}  // namespace kith
