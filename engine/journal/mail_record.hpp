// SPDX-License-Identifier: Apache-2.0
// Payload of RecordType::Mail and of the admin's records. Bytes: engine/journal/FORMAT.md
// (FlatBuffers, verified before use).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/geo_place.hpp"
#include "engine/base/result.hpp"
#include "engine/features/observations.hpp"
#include "engine/scoring/assessment.hpp"

namespace kith {

/// What was done with the mail. Persistent numbers.
enum class Action : std::uint8_t { Accepted = 0, Held = 1, Deferred = 2, Rejected = 3 };
[[nodiscard]] std::string_view to_string(
    Action a) noexcept;  ///< accepted, held, deferred, rejected

/// What another filter on the way said of a mail, by the topmost of its fields in the header
/// (engine/message/other_filters.hpp). A sender can write such fields himself: for reports only.
struct OtherFilter {
    std::string filter;  ///< "rspamd"
    bool spam = false;
    std::optional<double> score, required;
};
/// More are not kept, nor read.
inline constexpr std::size_t kMaxOtherFilters = 4;

/// One mail as it is kept: who, observed, judged, done. No body; the subject only when configured.
struct MailRecord {
    std::string id;        ///< kith's own id: 16 characters [a-z2-7], unique
    Time time{};           ///< arrival
    std::string queue_id;  ///< the MTA's, "" when unknown
    std::string host;      ///< the MTA's host name (queue ids are unique per host only)
    std::string client_addr, client_name, helo;
    std::string mail_from;
    std::vector<std::string> rcpts;
    std::string auth_user;  ///< "" when not authenticated
    std::string from;       ///< From address
    std::string from_name;  ///< its display name
    std::string message_id;
    std::string subject;  ///< only when journal.subjects is on
    std::string mode;     ///< passive, tag, enforce
    Action action = Action::Accepted;
    bool imported = false;  ///< from `kith import`: learned, never acted on
    Observations observations;
    Assessment assessment;
    /// In the list of what waits only: the mail itself has taught, what its documents name has not.
    bool attached_only = false;
    std::vector<OtherFilter> other_filters{};  ///< at most kMaxOtherFilters
    bool own = false;  ///< kith's own mail (assess/own_mail.hpp): not judged, never learned
    GeoPlace place{};  ///< of client_addr, as databases said when it came; of submissions only
    std::string tls_version{}, cipher{};  ///< of the client's connection; "" = none or not known
};

/// Payload of Release, Confirm, Forget, Close, Disallow, Drop, Hold, Report, Audit and Erase.
struct AdminRecord {
    std::string id;       ///< mail's id; incident's (Close); hash of the line (Audit); of the
                          ///< address, 32 hexadecimal digits (Erase)
    std::string address;  ///< Forget; who reported (Report)
    bool learn = false;   ///< Release --learn
    std::string who;      ///< login name of the admin
    std::string why;
    Time until{};              ///< Release --allow: when that ends; epoch = nothing is allowed
    std::uint64_t number = 0;  ///< HoldMark (Hold), number of the line (Audit)
};

[[nodiscard]] std::string encode(const MailRecord& record);
[[nodiscard]] std::string encode(const AdminRecord& record);
/// Corrupt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] Result<MailRecord> decode_mail_record(std::string_view bytes);
[[nodiscard]] Result<AdminRecord> decode_admin_record(std::string_view bytes);

}  // namespace kith
