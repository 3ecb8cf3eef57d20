// SPDX-License-Identifier: Apache-2.0
// How much of a body may be handed to the MIME parser: counted line by line before it is parsed,
// because afterwards is too late (1 million empty parts in 9 MB took GMime 1.8 GB). Covered by
// tests/unit/message/mime_budget_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/message/parse.hpp"

namespace kith::mail {

struct MimeBudget {
    std::size_t bytes = 0;     ///< prefix of the body that is safe to parse
    bool parts_cut = false;    ///< more delimiter lines than parts and levels allowed can need
    bool headers_cut = false;  ///< more part header fields or longer ones than allowed
};

/// Delimiter lines allowed: two a part and a level.
[[nodiscard]] constexpr std::size_t max_delimiter_lines(const ParseOptions& options) noexcept {
    return 2 * (options.max_parts + options.max_depth) + 2;
}

/// Header fields allowed in all parts together: a digest of a hundred messages must pass; 8,000
/// cost GMime 4 MB.
[[nodiscard]] constexpr std::size_t max_part_fields(const ParseOptions& options) noexcept {
    return 8 * options.max_headers;
}

/// `content_type` is the message's own, raw. O(size) time, no memory to speak of.
[[nodiscard]] MimeBudget measure_mime(std::string_view body, std::string_view content_type,
                                      const ParseOptions& options);

}  // namespace kith::mail
