// SPDX-License-Identifier: Apache-2.0
// Names of hosts: one comparable form (lower-case A-labels, RFC 5891 by UTS 46) and the registrable
// ("organisational", RFC 7489 3.2) domain by the public suffix list. domain.cpp is the only
// includer of libpsl. Covered by tests/unit/message/domain_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kith {

/// Registrable domain of a lower-case host name in A-labels ("example.co.uk" of
/// "mail.example.co.uk"); the host itself when it has none (an address, a single label, a public
/// suffix). Under a suffix that the list does not know it is the last two labels. Thread-safe.
[[nodiscard]] std::string registrable_domain(std::string_view host);
/// True when `domain` is itself a registrable domain under a listed suffix. Thread-safe.
[[nodiscard]] bool is_registrable(std::string_view domain);

namespace mail {

using kith::is_registrable;
using kith::registrable_domain;

/// Longest host name looked at, in bytes (RFC 1035 allows 253 of A-labels; U-labels take more).
/// Longer ones are cut.
inline constexpr std::size_t kMaxHostBytes = 1024;

/// Comparable form of a domain: lower case, U-labels as A-labels where convertible, no trailing
/// dot. What cannot be converted comes back lower-cased and scrubbed. "[192.0.2.1]" stays as it is.
/// Total; thread-safe; idempotent.
[[nodiscard]] std::string to_ascii_domain(std::string_view domain);

/// True for letters, digits, '-', '_' and '.' only, with at least one of them: a name that may be
/// compared and shown.
[[nodiscard]] bool is_plain_domain(std::string_view domain) noexcept;

/// True for a dotted quad or anything with a ':' or '['.
[[nodiscard]] bool is_address_literal(std::string_view host) noexcept;

}  // namespace mail
}  // namespace kith
