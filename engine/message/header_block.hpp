// SPDX-License-Identifier: Apache-2.0
// The header block of a message as it stands in the bytes: every field, in order, duplicates kept,
// and where the body begins. Own code because GMime merges and drops fields and stops at the first
// line that is none (its issue 52) while mail programs go on (RFC 7103, section 7.2). Covered by
// tests/unit/message/header_block_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "engine/message/defects.hpp"
#include "engine/message/message.hpp"
#include "engine/message/parse.hpp"

namespace kith::mail {

struct HeaderBlock {
    std::vector<HeaderField> fields;
    std::size_t body_offset =
        0;  ///< of the first byte after the empty line; the size of the input when there is none
    bool ended = false;  ///< the end of the block was seen
};

/// Reads the block at the start of `bytes` (CRLF or LF; an mbox "From " line before it is skipped).
/// Total; O(size).
///
/// A line that is no field is skipped when at least half of the lines up to the empty line are
/// fields, else the body begins there; both add HeaderEndsEarly. Lines of only white space continue
/// a field. Beyond the bounds of `options` fields are read past, except the first of each that
/// decides what a reader sees.
[[nodiscard]] HeaderBlock read_header_block(std::string_view bytes, const ParseOptions& options,
                                            DefectSet& defects);

}  // namespace kith::mail
