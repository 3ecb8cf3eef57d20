// SPDX-License-Identifier: Apache-2.0
// What an attachment is by its content, whatever its name says: type (libmagic, included here
// alone), encryption, macros. Only flat looks at bytes; nothing is unpacked. Covered by
// tests/unit/message/attachments_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/message/message.hpp"

namespace kith::mail {

struct ContentFacts {
    std::string detected_type;  ///< media type; "" when libmagic's database is missing or the
                                ///< content is empty
    bool encrypted = false;     ///< ZIP, PDF, Office, 7z or RAR file that asks for a password
    bool has_macros = false;    ///< Office document with a VBA project
};

/// Which kind of document its first bytes say it is: "%PDF-" within the first kilobyte, a ZIP file
/// that begins as OOXML and OpenDocument files do, "{\\rtf". Nothing is unpacked. Total.
[[nodiscard]] DocumentKind document_kind(std::string_view content) noexcept;

/// Whether to ask libmagic, which is the slow part.
enum class DetectType { No, Yes };

/// Looks at the first and the last `probe_bytes` of `content`. Total; thread-safe (one lock around
/// libmagic).
[[nodiscard]] ContentFacts inspect_content(std::string_view content, std::size_t probe_bytes,
                                           DetectType detect = DetectType::Yes);

}  // namespace kith::mail
