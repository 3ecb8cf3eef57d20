// SPDX-License-Identifier: Apache-2.0
// A recorded or made-up stream of what happens on accounts: one JSON object a line, as
// tests/support/account_site.md describes it. Covered by tests/unit/admin/account_stream_test.cpp.
#pragma once

#include <istream>
#include <ostream>
#include <string_view>
#include <variant>

#include "engine/config/config.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith::admin {

/// An event and when it was written down, or a mail.
struct StreamedEvent {
    AccountEvent event;
    Time arrived{};
};
using StreamLine = std::variant<StreamedEvent, MailRecord>;

/// Usage, naming what is wrong with the line.
[[nodiscard]] Result<StreamLine> read_stream_line(std::string_view line, const Hasher& hasher);

/// Judges the stream in order, learning as it goes, and writes one JSON line for each step of an
/// incident. Returns how many incidents were opened. NoInput names the line that cannot be read.
[[nodiscard]] Result<std::size_t> replay_account_stream(std::istream& in, const Config& config,
                                                        std::ostream& out);

}  // namespace kith::admin
