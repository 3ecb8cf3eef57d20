// SPDX-License-Identifier: Apache-2.0
// Text of a PDF file. Behind this header, in pdf_door.cpp alone, is poppler. For kith-extract only:
// poppler is large, and what it reads is hostile. Covered by tests/unit/documents/pdf_test.cpp.
#pragma once

#include <string_view>

#include "engine/documents/answer.hpp"

namespace kith {

/// Pages of a document that are read: the first ones and the last ones, where account numbers
/// stand.
inline constexpr int kMaxPages = 50, kLastPages = 5;

/// Loads what pdf_text() needs of the C library's converters, which are files: to be called before
/// files can no longer be opened. False when they are missing; then no PDF file has text.
[[nodiscard]] bool prepare_pdf();

/// Never fails and throws only for want of memory: see the outcome.
[[nodiscard]] ExtractedText pdf_text(std::string_view bytes);

}  // namespace kith
