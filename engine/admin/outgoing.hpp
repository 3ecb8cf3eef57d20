// SPDX-License-Identifier: Apache-2.0
// kith's own mail: written as plain ASCII with a token (assess/own_mail.hpp) and Auto-Submitted, so
// that neither the milter judges it nor anybody's machine answers it; sent with sendmail(1),
// without a shell and from the null sender, so that no bounce comes back to anybody. Covered by
// tests/unit/admin/quarantine_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"

namespace kith::admin {

struct OutgoingMail {
    std::vector<std::string> to;  ///< addresses as of parse_mail_address()
    std::string subject;          ///< what is not ASCII becomes '?'; cut to kMaxSubject, with "..."
    std::string text;             ///< lines; what is not ASCII is written as \xHH
    std::string in_reply_to;      ///< Message-ID without <>, "" = none
};
inline constexpr std::size_t kMaxSubject = 70;  ///< never folded, so that no server folds it anew

/// The whole mail. `unique` goes into the Message-ID.
[[nodiscard]] std::string format_mail(const Config& config, const Hasher& hasher, Time now,
                                      const OutgoingMail& mail, std::string_view unique);
/// Formats and hands it to config.alerts.sendmail. Unavailable with what that said when it refuses.
[[nodiscard]] Status send_mail(const Config& config, Time now, const OutgoingMail& mail);

/// Sender of kith's own mail.
[[nodiscard]] std::string own_address(const Config& config);

}  // namespace kith::admin
