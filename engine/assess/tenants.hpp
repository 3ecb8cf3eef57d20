// SPDX-License-Identifier: Apache-2.0
// Whose mail a mail is. Tenants that share a server see of one another what strangers see: a mail
// from one to another leaves the first as outbound and comes to the second as inbound. Pure.
// Covered by tests/unit/assess/tenants_test.cpp.
#pragma once

#include <memory>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// A mail as one tenant may know it.
struct TenantPart {
    std::shared_ptr<const Config> config;  ///< the tenant's; the site's for mail of nobody else
    Arrival arrival;  ///< all recipients for whose user sent it; for others their own ones
};

/// The parts of a mail, one for each tenant it is of; at least one, that of the sender first. Whose
/// user sent it: submitted mail is the tenant's of the login's domain, else of its envelope sender.
/// The other parts are those of the recipients and know no login. Without tenants the one part is
/// the whole mail and the site's.
[[nodiscard]] std::vector<TenantPart> split_by_tenant(const std::shared_ptr<const Config>& site,
                                                      const Arrival& arrival);

}  // namespace kith
