// SPDX-License-Identifier: Apache-2.0
// The files of conf/models.d as they are built in.
#pragma once

#include <span>
#include <string_view>

namespace kith {

struct ShippedModel {
    std::string_view name;
    std::string_view text;
};
[[nodiscard]] std::span<const ShippedModel> shipped_model_texts() noexcept;

}  // namespace kith
