// SPDX-License-Identifier: Apache-2.0
// A question to the recorded past, and its answer: which mails a condition or model would have had,
// grouped. It sees of each mail what was recorded when the mail was judged, nothing that was
// learned later. Shared by `kith hunt` and `kith search`. Covered by
// tests/unit/admin/hunt_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/admin/journal_scan.hpp"
#include "engine/admin/output.hpp"
#include "engine/policy/model.hpp"

namespace kith::admin {

enum class HuntGrouping : std::uint8_t { None, Sender, Domain, Campaign, Client, Login };

struct HuntQuestion {
    const Model* model = nullptr;  ///< whether it matches; one that is not enabled too
    SpanOptions span;
    HuntGrouping grouping = HuntGrouping::None;
    std::size_t limit = 20;  ///< newest mails, or largest groups, that are shown
    bool imported = false;
};

/// Asks and prints. Exit status 0, also when nothing matches.
[[nodiscard]] Outcome hunt(Env& env, const Config& config, const StoreReader& reader,
                           const HuntQuestion& question);

/// "", sender, domain, campaign, client, login. Usage for anything else.
[[nodiscard]] Result<HuntGrouping> hunt_grouping(const std::string& text);
/// --since, --until, --group-by, --limit, --imported.
void add_hunt_options(CLI::App& sub, HuntQuestion& question, std::string& group_by);

}  // namespace kith::admin
