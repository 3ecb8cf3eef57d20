// SPDX-License-Identifier: Apache-2.0
// kith's own mail (digests, alerts, answers): it carries a token under the site's secret over its
// Message-ID, subject and text, so that the milter takes it for what it is. It is not judged, or a
// digest that names what is held would be held itself and make the next alert; and it teaches
// nothing, for it speaks in the words of the mail it is about. A copy of the field on another mail
// is worth nothing, and one of the whole mail says only what kith said. Pure. Covered by
// tests/unit/assess/own_mail_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/hash.hpp"

namespace kith {

inline constexpr std::string_view kOwnMailField = "X-Kith-Own";
/// kith writes no longer mail.
inline constexpr std::size_t kMaxOwnMail = 256U << 10U;

/// 32 hexadecimal digits. `text`: the body as it is sent; line ends, and blanks at its end, are
/// nothing that counts.
[[nodiscard]] std::string own_mail_token(const Hasher& hasher, std::string_view message_id,
                                         std::string_view subject, std::string_view text);

/// `raw`: the whole mail as it came.
[[nodiscard]] bool is_own_mail(const Hasher& hasher, std::string_view token,
                               std::string_view message_id, std::string_view subject,
                               std::string_view raw);

}  // namespace kith
