// SPDX-License-Identifier: Apache-2.0
// Tenants: organisations that share a mail server, and nothing else. Each has the site's
// configuration with what its own file changes, and below a directory of its own a secret, journal
// and store: what one tenant's mail taught is nowhere in another's. What a file may hold is any key
// but those of the programs themselves. Covered by tests/unit/config/tenants_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.hpp"

namespace kith {

inline constexpr std::size_t kMaxTenants = 256;
inline constexpr std::size_t kMaxTenantName = 32;  ///< bytes

/// 1 to 32 of a-z, 0-9 and -, the first one a letter: it becomes part of names of files and units.
[[nodiscard]] bool is_tenant_name(std::string_view name) noexcept;

/// True for a key that all tenants share: sockets, programs, and where files lie.
[[nodiscard]] bool is_of_whole_site(std::string_view key) noexcept;

/// What a tenant has before its file is read: the site's configuration, with paths of its own, and
/// without what would tell others of its mail or judge it as theirs: domains, rules of `modes`, and
/// whoever is told of alerts and held mail.
[[nodiscard]] Config tenant_base(const Config& site, std::string_view name);

/// The tenant of that name of the site. Usage, with the nearest name, when there is none.
[[nodiscard]] Result<std::shared_ptr<const Config>> find_tenant(const Config& site,
                                                                const std::string& name);

/// Directory of all that is kept of a tenant: tenants/NAME beside the site's store.
[[nodiscard]] std::string tenant_directory(const Config& site, std::string_view name);

/// How to say "kith" for whom this configuration is: "kith" or "kith --tenant NAME".
[[nodiscard]] std::string kith_command(const Config& config);

/// The tenant whose own domain is the longest that holds `domain` (lower case), or `site` when
/// neither it nor a tenant has it, or the site itself has a longer one.
[[nodiscard]] const std::shared_ptr<const Config>& owner_of_domain(
    const std::shared_ptr<const Config>& site, std::string_view domain);

}  // namespace kith
