// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/config/config.hpp"

namespace kith {

/// The options of attached documents, complete: without a directory of their own they wait beside
/// the store.
[[nodiscard]] AttachmentOptions attachment_options(const Config& config);

}  // namespace kith
