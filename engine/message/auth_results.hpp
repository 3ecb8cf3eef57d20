// SPDX-License-Identifier: Apache-2.0
// Authentication-Results (RFC 8601) of servers that are trusted by name. The values are written by
// a trusted server but chosen by strangers: a comment or a quote smuggled into one must not change
// what another says (CVE-2020-12272). Covered by tests/unit/message/auth_results_test.cpp and
// tests/fuzz/fuzz_auth_results.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/message/message.hpp"

namespace kith::mail {

/// What one field says.
struct AuthField {
    std::string server;  ///< its authserv-id, lower case
    std::vector<AuthResult> results;
};

/// nullopt when the field's authserv-id is not one of `trusted` (lower case) or cannot be read. A
/// result that is malformed is left out, and with an unclosed quote or comment everything behind
/// it. At most 64. Total.
[[nodiscard]] std::optional<AuthField> parse_auth_results(std::string_view field,
                                                          const std::vector<std::string>& trusted);

/// One DKIM-Signature field (RFC 6376) as claimed; nullopt without d=. Covered by
/// tests/unit/message/auth_results_test.cpp.
[[nodiscard]] std::optional<DkimClaim> parse_dkim_signature(std::string_view field);

}  // namespace kith::mail
