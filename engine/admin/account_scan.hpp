// SPDX-License-Identifier: Apache-2.0
// What happened on own accounts, event by event out of the journal, each with how it was judged
// when it came, and mail that they submitted among it. Covered by
// tests/unit/admin/account_hunt_test.cpp.
#pragma once

#include <functional>

#include "engine/accounts/kept_judgement.hpp"
#include "engine/admin/journal_scan.hpp"

namespace kith::admin {

/// Calls `visit` with every event of the span, in the order of the journal, as walk_journal() does.
/// What was told twice comes once, unless long after.
[[nodiscard]] Result<ScanCount> scan_account_events(
    Env& env, const Config& config, const StoreReader& reader, const ScanSpan& span,
    const std::function<void(const JudgedEvent&)>& visit);

}  // namespace kith::admin
