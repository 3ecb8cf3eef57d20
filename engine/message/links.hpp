// SPDX-License-Identifier: Apache-2.0
// Links: taken apart as browsers do (WHATWG URL: back slashes, missing slashes, white space inside,
// any length of user information), found in plain text as mail programs do. Covered by
// tests/unit/message/links_test.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/message/message.hpp"

namespace kith::mail {

/// A link taken apart; nullopt for a relative one, an empty one, and schemes other than http,
/// https, ftp, mailto, tel, data. `url` is cut to `max_url_bytes` after it was taken apart: a long
/// one hides nothing. place, quoted and visible_text are the caller's.
[[nodiscard]] std::optional<Link> parse_link(std::string_view found, std::size_t max_url_bytes);

/// Where a link stands in a line of text.
struct TextLink {
    std::size_t begin = 0;
    std::size_t length = 0;
    bool alone = false;  ///< nothing but white space, '<', '>' and punctuation stands beside it
};

/// Links of one line of plain text: "scheme://…", "mailto:…", "www.…"; trailing punctuation left
/// out. O(size).
[[nodiscard]] std::vector<TextLink> find_text_links(std::string_view line);

}  // namespace kith::mail
