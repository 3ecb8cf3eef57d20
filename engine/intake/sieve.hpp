// SPDX-License-Identifier: Apache-2.0
// What a Sieve script (RFC 5228) does to mail, as far as it can hide or leak it. A parser of the
// whole syntax and a reader of few commands: redirect, fileinto, keep, discard, stop, the flags
// (RFC 5232), copies (RFC 3894), variables that are set to plain text (RFC 5229) and notifications
// by mail (RFC 5435); other commands are read over. Pure, total over any bytes. Covered by
// tests/unit/intake/sieve_test.cpp and tests/fuzz/fuzz_sieve.cpp.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/base/hash.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

/// A longer script, one with blocks or tests nested deeper or with more commands is not understood.
inline constexpr std::size_t kMaxSieveBytes = 256U << 10;
inline constexpr int kMaxSieveDepth = 32;
inline constexpr std::size_t kMaxSieveCommands = 10'000;

/// Without its name. `hasher` nullptr: no words, but their topics. `understood` is false, and
/// everything else empty, when the script breaks a bound or is no Sieve.
[[nodiscard]] RuleSummary summarize_sieve(std::string_view script, const Hasher* hasher);

/// RuleTopic bits of one text that a condition looks for.
[[nodiscard]] std::uint8_t rule_topics(std::string_view text);

}  // namespace kith
