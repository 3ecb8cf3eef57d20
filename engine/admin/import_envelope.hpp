// SPDX-License-Identifier: Apache-2.0
// From a delivered mail back to the moment it arrived: who handed it over, for whom, when, and the
// bytes a milter would have seen then. What the site's own servers added afterwards (Return-Path,
// Delivered-To, the Received fields of the own hops, a mailbox's flags) is read and taken out, so
// that an imported mail and the same mail seen live look alike to the features. Pure, total.
// Covered by tests/unit/admin/import_envelope_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "engine/config/config.hpp"
#include "engine/message/message.hpp"

namespace kith::admin {

/// What `--as` says.
enum class ImportAs { Auto, Inbound, Outbound };

struct RecoverOptions {
    ImportAs as = ImportAs::Auto;
    Time fallback{};  ///< time of a mail that tells none: the file's, or the mbox separator's
    Time now{};       ///< no mail is from later
    std::string mbox_sender;  ///< envelope sender of the mbox separator, "" when none
};

/// Where in Message::received the mail came in.
struct EntryHop {
    std::size_t own_fields = 0;  ///< Received fields from the top that the site's own servers wrote
    bool submitted = false;      ///< handed over by an authenticated client or an own network
    bool known = false;          ///< received[own_fields - 1] is the hop it came in by
};

/// Walks the hops from the newest, which own servers wrote, to the one at which the mail came in:
/// authenticated, or from outside. A hop from an own or private network is passed through. Deeper
/// fields, which anybody may have forged, are never believed.
[[nodiscard]] EntryHop entry_hop(const Message& message, const SiteOptions& site);

/// The arrival. `message` is the whole mail as it lies in the mailbox. Auto: a mail from an own
/// domain that was submitted, or has no Received field at all (a folder of sent mail), is outbound;
/// every other one inbound.
[[nodiscard]] Arrival recover_arrival(const Message& message, const SiteOptions& site,
                                      const RecoverOptions& options);

/// The mail without what was added after it arrived: `own_received` Received fields from the top
/// and the fields named above. Line ends become LF. The body is unchanged. O(size).
[[nodiscard]] std::string as_arrived(std::string_view raw, std::size_t own_received);

/// Length of the header block of `raw` with the empty line behind it; all of it when there is none.
[[nodiscard]] std::size_t header_length(std::string_view raw) noexcept;

}  // namespace kith::admin
