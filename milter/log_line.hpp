// SPDX-License-Identifier: Apache-2.0
// The one line a message leaves in the log, in the MTA's own shape: it begins with the queue id, so
// that a search for the id finds what the MTA and kith said. Pure; engine/base/log.hpp escapes the
// values and writes them. Covered by tests/unit/milter/log_line_test.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/log.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/message/message.hpp"

namespace kith::milter {

struct LogLine {
    std::string message;  ///< "QUEUEID:"; NOQUEUE when the MTA gave none
    std::vector<LogField> fields;
};

/// Addresses named in `to=`; further recipients are counted ("+7").
inline constexpr std::size_t kLoggedRecipients = 3;

/// A queue id fit to begin a line: letters, digits, '.', '-' and '_', at most 64; "NOQUEUE" when
/// nothing is left.
[[nodiscard]] std::string log_queue_id(std::string_view queue_id);

/// Of a judged mail; `record.action` and `record.mode` are set.
[[nodiscard]] LogLine log_line_of(const MailRecord& record, const Arrival& arrival,
                                  std::chrono::milliseconds took);
/// Of a mail that got no verdict; `why` is a word such as "deadline".
[[nodiscard]] LogLine log_line_without_verdict(const Arrival& arrival, std::string_view why,
                                               Action action, Mode mode,
                                               std::chrono::milliseconds took);

/// Lets the first of a cause through and then one a minute, counting what it held back. One thread
/// at a time.
class OncePerMinute {
public:
    /// Number of earlier calls held back since the last one let through, when this one is let
    /// through.
    [[nodiscard]] std::optional<unsigned long> pass(std::chrono::steady_clock::time_point now);

private:
    std::optional<std::chrono::steady_clock::time_point> last_;
    unsigned long held_back_ = 0;
};

}  // namespace kith::milter
