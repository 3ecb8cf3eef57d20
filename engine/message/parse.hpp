// SPDX-License-Identifier: Apache-2.0
// Bytes -> Message. The only includer of GMime is message/gmime_door.cpp behind this header. Total:
// any bytes give a Message (perhaps with Defect::Unparsable), never an exception. Covered by
// tests/unit/message/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/message/message.hpp"

namespace kith {

/// Bounds on everything a sender controls. Each has a test at the limit and at limit + 1.
struct ParseOptions {
    std::size_t max_headers = 1000;             ///< fields kept
    std::size_t max_header_bytes = 512 * 1024;  ///< all fields together
    std::size_t max_header_field_bytes = 64 * 1024;
    std::size_t max_addresses = 1000;  ///< a field
    std::size_t max_references = 64;
    std::size_t max_parts = 200;  ///< MIME leaves
    std::size_t max_depth = 32;
    std::size_t max_body_bytes =
        4 * 1024 * 1024;  ///< bytes handed to GMime; the rest is counted, not read
    std::size_t max_text_bytes = 256 * 1024;  ///< decoded text kept, all lines together
    std::size_t max_html_bytes = 512 * 1024;  ///< HTML handed to the HTML parser
    std::size_t max_lines = 10000;
    std::size_t max_links = 500;
    std::size_t max_url_bytes = 2048;
    std::size_t max_attachment_probe_bytes =
        64 * 1024;  ///< decoded bytes of an attachment looked at
    std::size_t max_attached_text_bytes =
        64 * 1024;  ///< of attached text files, looked at for payment and contact data; 0 = none
    std::size_t max_documents = 0;  ///< documents kept for others to read; 0 = none
    std::size_t max_document_bytes = 4 * 1024 * 1024;  ///< a larger one is not kept
    std::vector<std::string>
        trusted_authserv_ids;  ///< lower case; Authentication-Results of others are ignored
};

/// Must be called once in main before any thread parses (g_mime_init is not thread-safe).
void message_library_init();

/// Source of a message's raw bytes: memory, or a file beyond the milter's memory bound. `fd` is
/// read with pread only.
struct MessageBytes {
    std::string_view memory;  ///< used when fd < 0
    int fd = -1;
    std::uint64_t offset = 0;  ///< in fd
    std::uint64_t length = 0;  ///< in fd
};

/// Parses one message; CRLF or LF line ends. Thread-safe after message_library_init(). Never throws
/// on content (std::bad_alloc apart). O(bytes handed over), memory bounded by the options.
[[nodiscard]] Message parse(const MessageBytes& bytes, const ParseOptions& options);
[[nodiscard]] inline Message parse(std::string_view bytes, const ParseOptions& options) {
    return parse(MessageBytes{bytes, -1, 0, 0}, options);
}

}  // namespace kith
