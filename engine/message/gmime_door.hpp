// SPDX-License-Identifier: Apache-2.0
// The MIME structure of a body as plain data. Behind this header, in gmime_door.cpp alone, is
// GMime: it finds the parts; all decoding is ours, from the raw bytes. Covered by
// tests/unit/message/gmime_door_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/message/defects.hpp"
#include "engine/message/parse.hpp"

namespace kith::mail {

/// One node of the MIME tree. The children of a message/rfc822 node are the one root of the
/// enclosed message.
struct MimeNode {
    std::string content_type;  ///< raw fields, unfolded; "" when absent
    std::string encoding;
    std::string disposition;
    bool is_container = false;  ///< multipart or message/rfc822
    bool is_message = false;    ///< message/rfc822, said or (in a digest) by default
    std::string_view content;   ///< of a leaf, still encoded; into the bytes given to read_mime()
    std::string stray_text;     ///< of a multipart without parts: what stands in their place
    std::vector<MimeNode> children;
};

void gmime_init();

/// The three fields of the message itself that its structure hangs on, unfolded.
struct TopFields {
    std::string_view content_type, encoding, disposition;
};

/// Structure of `body` under `top`; `body` must outlive the result. At most options.max_depth
/// levels and options.max_parts leaves. Hostile structure is cut before GMime sees it, because it
/// takes up to 1.8 KB for a part of four bytes (measured with 3.2.13) and aborts when memory ends.
/// Total; thread-safe after gmime_init().
[[nodiscard]] MimeNode read_mime(std::string_view body, const TopFields& top,
                                 const ParseOptions& options, DefectSet& defects);

}  // namespace kith::mail
