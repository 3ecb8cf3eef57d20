// SPDX-License-Identifier: Apache-2.0
// The MTA's queue as far as held mail goes, the same for Postfix (the hold queue) and Sendmail (the
// quarantine): what is in it, and the three things that can be done with one mail. Uses the
// server's own commands; where Sendmail has none, for deleting, its documented files. Parsers are
// pure and total. Sources: postqueue(1), postsuper(1); mailq(1), sendmail(8) and the Sendmail
// Installation and Operation Guide, "Quarantined Queue Items". Covered by
// tests/unit/admin/hold_queue_test.cpp, and with the real servers by tests/e2e/quarantine_test.py.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/postfix.hpp"
#include "engine/base/result.hpp"

namespace kith::admin {

/// Options every command that touches the queue shares.
struct MtaOptions {
    PostfixOptions postfix;
    std::string sendmail_bin;    ///< --sendmail-bin: where sendmail and mailq are
    std::string sendmail_queue;  ///< --sendmail-queue: instead of the directory mailq names
};
void add_mta_options(CLI::App& sub, MtaOptions& options);

/// One look at the queue: queue id -> where the mail is. "hold", else the server's word for it.
using QueueView = std::map<std::string, std::string, std::less<>>;
inline constexpr std::string_view kOnHold = "hold";

/// Ids in what `mailq` prints; lines that begin with none are passed over.
[[nodiscard]] std::vector<std::string> parse_mailq(std::string_view mailq);
/// Directories in what `mailq` prints.
[[nodiscard]] std::vector<std::string> mailq_directories(std::string_view mailq);
/// Sendmail's own name ($j) in what `sendmail -d0.1 -bt` prints; "" when it is no Sendmail.
[[nodiscard]] std::string sendmail_name(std::string_view identity);
/// What may be given to a command as a queue id: letters, digits, and no sign of an option.
[[nodiscard]] bool is_queue_id(std::string_view id) noexcept;

class HoldQueue {
public:
    /// Postfix when its commands are there, else Sendmail. Unavailable when neither is.
    [[nodiscard]] static Result<std::unique_ptr<HoldQueue>> open(const MtaOptions& options);
    virtual ~HoldQueue() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;  ///< "Postfix", "Sendmail"
    /// The server's host name, as in MailEntry::host.
    [[nodiscard]] virtual Result<std::string> host() const = 0;
    [[nodiscard]] virtual Result<QueueView> look() const = 0;
    /// Where one mail is; "" when it is not in the queue.
    [[nodiscard]] virtual Result<std::string> find(const std::string& queue_id) const = 0;
    /// Takes the mail off hold and has it delivered. REQUIRES is_queue_id(), as do the next two.
    [[nodiscard]] virtual Status release(const std::string& queue_id) const = 0;
    /// Deletes the mail, on hold only.
    [[nodiscard]] virtual Status drop(const std::string& queue_id) const = 0;
    /// Puts a queued mail on hold.
    [[nodiscard]] virtual Status hold(const std::string& queue_id) const = 0;
};

}  // namespace kith::admin
