// SPDX-License-Identifier: Apache-2.0
// The site's secret and the store belong together: every key in the store is a hash under the
// secret, so that with another one nobody is known any more. The store remembers a check value of
// the secret it was made with (engine/store/FORMAT.md). Covered by
// tests/unit/assess/site_key_test.cpp.
#pragma once

#include "engine/base/hash.hpp"
#include "engine/config/config.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// The site's secret for a program that reads the store. Config when it is lost or another than the
/// store's; else the errors of read_secret.
[[nodiscard]] Result<Hasher::Secret> read_site_key(const StoreReader& reader, const Config& config);

/// Notes in the store which secret it is made with, unless it says so already. REQUIRES
/// Mode::Write. Config when it was made with another one.
[[nodiscard]] Status bind_site_key(Store& store, const Hasher::Secret& secret,
                                   const Config& config);

/// The site's secret for a program that may make it. A new one is made only where there is no store
/// yet. Errors as of read_site_key.
[[nodiscard]] Result<Hasher::Secret> read_or_create_site_key(const Config& config);

}  // namespace kith
