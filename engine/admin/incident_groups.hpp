// SPDX-License-Identifier: Apache-2.0
// Incidents as an admin thinks of them: those of one sender, and those of one campaign whoever sent
// it, are one line. Covered by tests/unit/admin/incident_test.cpp.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/learner/incident.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

struct IncidentGroup {
    std::vector<Incident> incidents;   ///< newest first; the first one names the group
    std::vector<std::string> senders;  ///< each once
    std::uint64_t mails = 0;
    std::uint64_t held = 0;                 ///< on hold or rejected, in deed
    std::uint64_t near_held = 0;            ///< or would have been held in another mode
    std::set<std::string> rcpts, answered;  ///< addresses
    Time first{}, last{};                   ///< of its mails
    [[nodiscard]] const Incident& newest() const noexcept { return incidents.front(); }
    [[nodiscard]] bool is_open(Time now) const noexcept;
    /// open, near-held (open, and nothing was held), closed, over.
    [[nodiscard]] std::string_view state(Time now) const noexcept;
};

/// Groups of `incidents` (newest first), newest first. What index and journal have forgotten of
/// their mail is not counted, but for their own counts.
[[nodiscard]] Result<std::vector<IncidentGroup>> group_incidents(
    const Config& config, const StoreReader& reader, const std::vector<Incident>& incidents);

}  // namespace kith::admin
