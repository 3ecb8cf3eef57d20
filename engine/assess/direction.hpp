// SPDX-License-Identifier: Apache-2.0
// Inbound, outbound or internal, from what the MTA said. Covered by
// tests/unit/assess/direction_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/features/observations.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// True when `address` (textual IPv4, IPv6 or v4-mapped) lies in one of `networks` (CIDR). False
/// for anything unparsable.
[[nodiscard]] bool in_networks(std::string_view address, const std::vector<std::string>& networks);
/// The domain of an address in lower case, of bytes that may be no UTF-8; "" without one.
[[nodiscard]] std::string lower_domain(std::string_view address);
/// True when `domain` is one of the site's or below one.
[[nodiscard]] bool is_own_domain(std::string_view domain, const SiteOptions& site);

/// Submitted (authenticated, or from an own network with an own envelope sender domain) and every
/// recipient own: Internal; else submitted: Outbound; everything else, whatever From says: Inbound.
[[nodiscard]] Direction direction_of(const Arrival& arrival, const SiteOptions& site);

}  // namespace kith
