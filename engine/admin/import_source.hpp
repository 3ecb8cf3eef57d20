// SPDX-License-Identifier: Apache-2.0
// Where imported mail comes from: the messages of a Maildir or an mbox file, found without reading
// their bodies into memory. Reads only. Covered by tests/unit/admin/import_source_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith::admin {

/// One message in a source.
struct SourceMail {
    std::uint32_t file = 0;    ///< index into MailSource::files
    std::uint64_t offset = 0;  ///< of its first header field
    std::uint64_t length = 0;
    Time fallback{};          ///< the file's time, or the mbox separator's
    std::string mbox_sender;  ///< of the separator, "" when none
};

struct MailSource {
    std::vector<std::string> files;
    std::vector<SourceMail> mails;
    bool quoted_from = false;      ///< mbox: lines "^>+From " lose one '>' when read
    std::uint64_t unreadable = 0;  ///< files that vanished or may not be read
};

/// All messages below `directory`/cur and /new, and of Maildir++ subfolders (".Sent"). NoInput when
/// it is no Maildir.
[[nodiscard]] Result<MailSource> open_maildir(const std::string& directory);
/// All messages of an mbox file. A separator is "From ADDRESS … YEAR" at the start or behind an
/// empty line, so that a body's unquoted "From " line does not split a mail. NoInput, Permission,
/// Io; Corrupt when it does not begin with a separator.
[[nodiscard]] Result<MailSource> open_mbox(const std::string& file);

/// Bytes of the message, at most `max_bytes`. NoInput when the file is gone (a mail reader moved
/// it).
[[nodiscard]] Result<std::string> read_mail(const MailSource& source, const SourceMail& mail,
                                            std::uint64_t max_bytes);

}  // namespace kith::admin
