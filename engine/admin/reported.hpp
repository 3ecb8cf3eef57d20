// SPDX-License-Identifier: Apache-2.0
// Which mails somebody reports: those attached (message/rfc822, or only their header as in RFC
// 5965), else the mail itself. Hostile bytes in, a few identifiers out; total and bounded. Covered
// by tests/unit/admin/report_mail_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/message/parse.hpp"

namespace kith::admin {

/// What finds a mail again.
struct ReportedMail {
    std::string message_id;  ///< without <>
    std::string kith_id;     ///< of X-Kith-Id; letters and digits
};
inline constexpr std::size_t kMaxReported = 20;

struct MailReport {
    std::string reporter;    ///< From address of the report; "" where the mail itself is it
    std::string message_id;  ///< of the report
    bool automatic = false;  ///< a machine's: not to be answered
    bool attached = false;   ///< it has mail attached; else the mail itself is what is reported
    std::vector<ReportedMail> mails;
};
[[nodiscard]] MailReport read_report(std::string_view raw, const ParseOptions& options);

/// Header blocks of the messages attached to `raw`, at most kMaxReported.
[[nodiscard]] std::vector<std::string> attached_headers(std::string_view raw);

}  // namespace kith::admin
