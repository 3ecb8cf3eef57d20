// SPDX-License-Identifier: Apache-2.0
// Text of OOXML (docx, xlsx, pptx) and OpenDocument (odt, ods, odp) files: ZIP files of XML. For
// kith-extract only. Covered by tests/unit/documents/office_test.cpp and
// tests/fuzz/fuzz_office.cpp.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/documents/answer.hpp"

namespace kith {

/// Bounds on what a file may become. Each has a test at the limit and at limit + 1.
struct OfficeLimits {
    std::size_t max_entries = 1000;                       ///< looked at
    std::size_t max_entry_bytes = std::size_t{8} << 20;   ///< unpacked, of one entry
    std::size_t max_total_bytes = std::size_t{24} << 20;  ///< unpacked, of all
    std::size_t max_ratio = 200;                         ///< unpacked to packed, of the whole file,
    std::size_t min_ratio_bytes = std::size_t{1} << 20;  ///< where it unpacks to more than this
};

/// Entries that hold text are read; an archive inside the archive is an entry like others and never
/// opened. Never fails: see the outcome.
[[nodiscard]] ExtractedText office_text(std::string_view bytes, const OfficeLimits& limits = {});

}  // namespace kith
