// SPDX-License-Identifier: Apache-2.0
// HTML -> what a reader sees: lines of text, links with the text they are shown under, what is
// hidden, and the habits of the program that wrote it. The only includer of libgumbo. Covered by
// tests/unit/message/html_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/message/defects.hpp"
#include "engine/message/message.hpp"
#include "engine/message/parse.hpp"

namespace kith::mail {

/// A link and the line it stands on (index into HtmlContent::lines; may be one past the last).
struct PlacedLink {
    Link link;
    std::size_t line = 0;
};

struct HtmlContent {
    std::vector<TextLine>
        lines;  ///< role: what the mark-up says (blockquote and the like); see assign_roles()
    std::vector<PlacedLink> links;
    std::string skeleton;
    std::uint32_t hidden_chars = 0;
};

/// Reads at most options.max_html_bytes of valid UTF-8 `html`. Total; bounded in time and memory;
/// thread-safe.
[[nodiscard]] HtmlContent read_html(std::string_view html, const ParseOptions& options,
                                    DefectSet& defects);

}  // namespace kith::mail
