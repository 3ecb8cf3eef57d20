// SPDX-License-Identifier: Apache-2.0
// The text of a filter script that was stored or activated: from Dovecot's HTTP API, else from a
// file, else from nowhere. Covered by tests/unit/intake/rule_source_test.cpp.
#pragma once

#include <string>

#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

/// accounts.sieve_path for one script. Usage when a name would lead out of its place: it begins
/// with a dot, or has a slash.
[[nodiscard]] Result<std::string> sieve_file(const std::string& pattern, const std::string& account,
                                             const std::string& script);

/// Fills in event.rule of a Rule* event; blocks for seconds at most. Without a text `understood`
/// stays false. Returns why there is none; ok as well where no source is configured.
[[nodiscard]] Status read_rule(const AccountOptions& options, const Hasher* hasher,
                               AccountEvent& event);

}  // namespace kith
