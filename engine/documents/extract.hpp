// SPDX-License-Identifier: Apache-2.0
// The text of a document, read by a child process that lives for this one document (kith-extract):
// whatever a hostile document does to its libraries, it has that child alone, which may open
// nothing, connect to nobody and is killed at the deadline. Covered by
// tests/unit/documents/extract_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/documents/answer.hpp"
#include "engine/documents/options.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// Runs children, one at a time. One thread; others may run in the process.
class Extractor {
public:
    /// Unavailable when the program is missing or its sandbox does not work here.
    [[nodiscard]] static Result<Extractor> open(const AttachmentOptions& options);

    /// Reads the document that `fd` is (a file or memfd, from its beginning). A document that
    /// cannot be read is an outcome; Io and TryAgain when no child could be started.
    [[nodiscard]] Result<ExtractedText> text_of(int fd, DocumentKind kind) const;
    /// The same of bytes in memory.
    [[nodiscard]] Result<ExtractedText> text_of(std::string_view bytes, DocumentKind kind) const;

private:
    Extractor(std::string program, Seconds deadline)
        : program_(std::move(program)), deadline_(deadline) {}
    std::string program_;
    Seconds deadline_;
};

}  // namespace kith
