// SPDX-License-Identifier: Apache-2.0
// One Received field (RFC 5321, section 4.4) as the usual servers write it: Postfix, Exim,
// Sendmail, qmail, Exchange. Covered by tests/unit/message/received_test.cpp.
#pragma once

#include <string_view>

#include "engine/message/message.hpp"

namespace kith::mail {

/// What the field says of its hop; parts that cannot be read stay empty. Total; O(size).
[[nodiscard]] ReceivedHop parse_received(std::string_view field);

}  // namespace kith::mail
