// SPDX-License-Identifier: Apache-2.0
// Held mail as a whole: what the index says was held beside what the queue has, how long it lies
// there, and the digests about it. Decides and writes texts; the command does what is decided.
// Covered by tests/unit/admin/quarantine_test.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/admin/hold_queue.hpp"
#include "engine/admin/outgoing.hpp"
#include "engine/base/hash.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {

/// A mail is looked for in the queue from this age on: before, the MTA may not have put it there.
inline constexpr Seconds kSettled{60};

struct QueueFindings {
    std::vector<MailEntry> on_hold;    ///< in the queue, newest first
    std::vector<MailEntry> seen;       ///< of them, for the first time
    std::vector<MailEntry> missing;    ///< newly: never seen on hold, and not there
    std::vector<MailEntry> left;       ///< newly: seen before, and gone without kith
    std::vector<MailEntry> aged;       ///< of on_hold: for longer than max_age
    std::vector<std::string> unknown;  ///< queue ids on hold that kith did not hold
};
/// `held`: what the index says was held, newest first. `host`: this server's name; what another
/// holds is that one's.
[[nodiscard]] QueueFindings compare_with_queue(const std::vector<MailEntry>& held,
                                               const QueueView& queue, const std::string& host,
                                               Time now, Seconds settled, Seconds max_age);

/// A mail with what a digest tells of it.
struct DigestItem {
    MailEntry entry;
    std::vector<std::string> rcpts, reasons;
    std::string subject;
};
inline constexpr std::size_t kMaxDigestMails = 200;

/// For the admin.
[[nodiscard]] OutgoingMail admin_digest(const Config& config, Time now, const std::string& host,
                                        const std::vector<DigestItem>& items,
                                        const QueueFindings& findings, std::size_t requests);
/// For each own recipient, by address; nothing without an address for requests.
[[nodiscard]] std::map<std::string, OutgoingMail> recipient_digests(
    const Config& config, const Hasher::Secret& secret, const std::vector<DigestItem>& items);

/// Where requests go; "" = nowhere.
[[nodiscard]] std::string requests_address(const Config& config);

}  // namespace kith::admin
