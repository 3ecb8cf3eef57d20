// SPDX-License-Identifier: Apache-2.0
// Registrable ("organisational", RFC 7489 3.2) domains by the public suffix list. The only includer of libpsl is domain.cpp.
// Covered by tests/unit/message/domain_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace kith {

/// Registrable domain of a lower-case host name in A-labels; the host itself when it has none (an address, a single label,
/// a public suffix).
[[nodiscard]] std::string registrable_domain(std::string_view host);
/// True when `domain` is itself a registrable domain under a listed suffix.
[[nodiscard]] bool is_registrable(std::string_view domain);

}  // namespace kith
