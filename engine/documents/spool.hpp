// SPDX-License-Identifier: Apache-2.0
// Documents on their way from the milter to the learner: a directory of bounded files, written by
// one process and removed by the other. Nothing here is waited for by mail. Bytes:
// engine/documents/FORMAT.md. Covered by tests/unit/documents/spool_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/documents/options.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// All documents of one mail, as they lie in the spool.
struct SpooledMail {
    std::string mail;  ///< kith's id
    Time since{};      ///< of the first file
    struct File {
        std::string name;  ///< within the directory
        DocumentKind kind = DocumentKind::None;
    };
    std::vector<File> files;  ///< in the mail's order
    bool complete = false;    ///< none of them is missing
};

/// Writes what fits. The directory is the learner's to make: without it nothing is wanted. All of a
/// mail's documents or none. Full when the spool is; NoInput when nobody wants documents. Thread
/// safety: one thread a directory writes; another process may remove files meanwhile.
[[nodiscard]] Status spool_documents(const AttachmentOptions& options, std::string_view mail,
                                     std::uint32_t sender, const std::vector<Document>& documents);

/// What waits, oldest first.
[[nodiscard]] Result<std::vector<SpooledMail>> list_spool(const std::string& directory);
[[nodiscard]] Result<UniqueFd> open_spooled(const std::string& directory,
                                            const SpooledMail::File& file);
/// Removes the mail's files; what is gone already is no failure.
void remove_spooled(const std::string& directory, const SpooledMail& mail);

/// Makes the directory: from now on documents are wanted.
[[nodiscard]] Status open_spool(const std::string& directory);
/// Removes the directory and every document in it: none are wanted any more.
void close_spool(const std::string& directory);
/// Removes what waited since before `before`, and what a killed writer left.
void expire_spool(const std::string& directory, Time before);

}  // namespace kith
