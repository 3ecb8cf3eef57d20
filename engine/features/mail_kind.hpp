// SPDX-License-Identifier: Apache-2.0
// What kind of mail it is: a person's, or one of the kinds that programs send. Read from headers
// and structure alone, so it is what the sender says it is. Covered by
// tests/unit/features/mail_kind_test.cpp.
#pragma once

#include <string_view>

#include "engine/features/observations.hpp"
#include "engine/message/message.hpp"

namespace kith {

[[nodiscard]] MailKind mail_kind(const Message& m, const Arrival& a);
/// "personal mail", "newsletter", "list mail", …
[[nodiscard]] std::string_view to_string(MailKind kind) noexcept;

}  // namespace kith
