// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace kith {

/// In Table::Meta: what machine and version the store is of. Persistent.
inline constexpr std::string_view kStoreFormatKey = "kith.format";

}  // namespace kith
