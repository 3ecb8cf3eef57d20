// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/tenants.hpp"

#include <algorithm>

#include "engine/assess/direction.hpp"
#include "engine/config/tenants.hpp"

namespace kith {
namespace {

/// nullptr: nobody here sent it.
std::shared_ptr<const Config> sender_of(const std::shared_ptr<const Config>& site,
                                        const Arrival& arrival) {
    const auto& by_sender = owner_of_domain(site, lower_domain(arrival.mail_from));
    if (arrival.auth_user) {
        // The sender's address is what the client says; a login is proven, but may be a bare name.
        const std::string domain = lower_domain(*arrival.auth_user);
        const auto& by_login = owner_of_domain(site, domain);
        return is_own_domain(domain, by_login->site) ? by_login : by_sender;
    }
    const bool submitted = is_own_domain(lower_domain(arrival.mail_from), by_sender->site) &&
                           in_networks(arrival.client_addr, by_sender->site.networks);
    return submitted ? by_sender : nullptr;
}

}  // namespace

std::vector<TenantPart> split_by_tenant(const std::shared_ptr<const Config>& site,
                                        const Arrival& arrival) {
    if (site->tenants.empty()) return {{site, arrival}};
    std::vector<TenantPart> parts;
    const std::shared_ptr<const Config> sender = sender_of(site, arrival);
    if (sender) parts.push_back({sender, arrival});
    for (const std::string& rcpt : arrival.rcpts) {
        const std::string domain = lower_domain(rcpt);
        const auto& owner = owner_of_domain(site, domain);
        // The sender's part has them all. Recipients elsewhere are nobody's but the sender's.
        if (owner == sender || (sender && !is_own_domain(domain, owner->site))) continue;
        auto part = std::find_if(parts.begin(), parts.end(),
                                 [&](const TenantPart& p) { return p.config == owner; });
        if (part == parts.end()) {
            part = parts.insert(parts.end(), {owner, arrival});
            part->arrival.rcpts.clear();
            part->arrival.auth_user.reset();
        }
        part->arrival.rcpts.push_back(rcpt);
    }
    if (parts.empty()) parts.push_back({site, arrival});
    return parts;
}

}  // namespace kith
