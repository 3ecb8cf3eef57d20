// SPDX-License-Identifier: Apache-2.0
// What can be done with one held mail, for the commands that do it: look whether the queue really
// has it, write it into the audit log, record it for the learner, tell the MTA; in this order, so
// that nothing is done that is not on record. Covered by tests/unit/admin/release_test.cpp and
// drop_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/admin/audit.hpp"
#include "engine/admin/hold_queue.hpp"
#include "engine/config/config.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {

/// Ok when the mail is on hold under its queue id on this host; else what was found instead, with
/// what to do. `verb`: "release", "drop".
[[nodiscard]] Status check_on_hold(const HoldQueue& queue, const MailEntry& entry,
                                   const std::string& verb);

struct ReleaseWish {
    bool learn = false;
    Time allow_until{};  ///< epoch = nothing is allowed
    std::string why;
};
/// `queue` nullptr: the release is only recorded.
[[nodiscard]] Status release_mail(const Config& config, Time now, const HoldQueue* queue,
                                  const MailEntry& entry, const ReleaseWish& wish);
/// Deletes it.
[[nodiscard]] Status drop_mail(const Config& config, Time now, const HoldQueue& queue,
                               const MailEntry& entry, const std::string& why);

/// Names of features among the mail's reasons: what an allowance can be made of.
[[nodiscard]] std::vector<std::string> reason_features(const Assessment& assessment);

}  // namespace kith::admin
