// SPDX-License-Identifier: Apache-2.0
// Text of a Rich Text Format file. For kith-extract only. Covered by
// tests/unit/documents/rtf_test.cpp and tests/fuzz/fuzz_rtf.cpp.
#pragma once

#include <string_view>

#include "engine/documents/answer.hpp"

namespace kith {

/// Groups inside groups; deeper ones are not read.
inline constexpr std::size_t kMaxRtfDepth = 256;

/// Characters beyond ASCII are taken for Windows-1252, the usual one, unless written as \u. Total.
[[nodiscard]] ExtractedText rtf_text(std::string_view bytes);

}  // namespace kith
