// SPDX-License-Identifier: Apache-2.0
// One event of Dovecot 2.3's exporter (event_exporter, format json, time-rfc3339) as what happened
// on an account. Pure, total over any bytes. Covered by tests/unit/intake/dovecot_event_test.cpp
// and tests/fuzz/fuzz_intake.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

/// An event as it came, before SessionMerger makes fewer of them.
struct ToldEvent {
    enum class Part {
        Whole,   ///< stands for itself
        OfMany,  ///< one message, or one command, of what belongs together
        OfMove,  ///< a message taken away by a move whose target another event tells
        Client,  ///< only says what program the session's client is (client_id)
    };
    AccountEvent event;
    Part part = Part::Whole;
};

/// nullopt for an event that tells nothing about an account. Corrupt for what is no event. The rule
/// of Rule* has its name only: the text has to be asked for.
[[nodiscard]] Result<std::optional<ToldEvent>> parse_dovecot_event(std::string_view json);

/// Where deleted mail goes, by the names that clients give it in eight languages; the last part of
/// a name counts.
[[nodiscard]] bool is_trash(std::string_view mailbox);
/// How many messages a sequence set names ("1:3,7"); 0 for one with '*', none or more than a
/// million.
[[nodiscard]] std::uint64_t messages_in_set(std::string_view set) noexcept;

}  // namespace kith
