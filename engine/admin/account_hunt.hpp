// SPDX-License-Identifier: Apache-2.0
// A question to the recorded past of own accounts, and its answer by account: which events a
// condition fits, or which accounts made all steps of a model. It sees of each event what was known
// when it was judged. Covered by tests/unit/admin/account_hunt_test.cpp.
#pragma once

#include <string>

#include "engine/admin/journal_scan.hpp"
#include "engine/policy/model.hpp"

namespace kith::admin {

struct AccountQuestion {
    const Model* model = nullptr;  ///< about accounts; one that is not enabled too
    SpanOptions span;
    std::size_t limit = 20;  ///< accounts that are shown
};

/// Asks and prints. Exit status 0, also when nothing matches.
[[nodiscard]] Outcome hunt_accounts(Env& env, const Config& config, const StoreReader& reader,
                                    const AccountQuestion& question);

/// Says of one account which steps or events of the model it has, and whether that is all of it.
/// NoInput when the journal knows nothing of the account.
[[nodiscard]] Outcome test_on_account(Env& env, const Config& config, const StoreReader& reader,
                                      const Model& model, const std::string& account);

}  // namespace kith::admin
