// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/config/config.hpp"

namespace kith {

/// The options of own accounts, complete: without a file of their own the locks lie beside the
/// store.
[[nodiscard]] AccountOptions account_options(const Config& config);

}  // namespace kith
