// SPDX-License-Identifier: Apache-2.0
// From a judged mail to what is asked of the MTA: the answer, headers to add and to take away, the
// reason for holding. Pure: the only place that turns verdict and mode into deeds, so that a forced
// and a computed verdict cannot differ. glue.cpp carries a Plan out; log_line.cpp writes it down.
// Covered by tests/unit/milter/actions_test.cpp.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/account_lock.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith::milter {

/// What the MTA agreed to for this connection.
struct Negotiated {
    bool insert_headers = false;
    bool change_headers = false;
    bool quarantine = false;
    bool leading_space = false;  ///< header values come and go with the blank after the colon
    unsigned long silent = 0;    ///< SMFIP_NR_*: the steps that get no answer
};

/// Answer at the end of a message.
enum class Reply { Accept, Tempfail, Reject };

struct HeaderRemoval {
    std::string name;
    int index = 1;  ///< n-th field of that name, from 1, as the milter protocol counts
};
struct HeaderInsertion {
    std::string name;
    std::string
        value;  ///< printable ASCII; folded with LF + blank; without the blank after the colon
};

/// Everything to be done about one message. Removals are in the order to carry out (highest index
/// first); insertions from top to bottom as they are to stand.
struct Plan {
    Reply reply = Reply::Accept;
    std::string reply_code, reply_status,
        reply_text;  ///< of Tempfail and Reject: "451", "4.7.1", text
    std::vector<HeaderRemoval> removals;
    std::vector<HeaderInsertion> insertions;
    std::optional<std::string> quarantine_reason;  ///< at most kMaxQuarantineReason bytes
    Action action = Action::Accepted;
    std::string shortfall;  ///< what the MTA cannot do of it ("quarantine not offered by the MTA");
                            ///< "" when nothing
};

/// Longest value of a header of ours, before folding. RFC 5322 2.1.1 allows lines of 998 bytes.
inline constexpr std::size_t kMaxHeaderValue = 900;
inline constexpr std::size_t kMaxQuarantineReason = 100;
inline constexpr std::string_view kHeaderPrefix = "x-kith-";

/// Counts the copies of our own headers that a message brings along. Bounded: our five names
/// always, kMaxOtherNames further names that begin like ours. One thread.
class OwnHeaders {
public:
    static constexpr std::size_t kMaxOtherNames = 64;
    void saw(std::string_view name);
    /// Every copy, per name the highest index first: removing the first shifts the rest
    /// (CVE-2022-48521).
    [[nodiscard]] std::vector<HeaderRemoval> removals() const;

private:
    std::map<std::string, int> count_;  ///< by lower-case name
};

/// `text` as a header value: bytes other than printable ASCII become '?', white space becomes one
/// blank, cut at kMaxHeaderValue, folded at blanks with LF + blank (never CR) so that lines stay
/// below 80 where words allow.
[[nodiscard]] std::string header_value(std::string_view text);
/// `text` for an SMTP reply or a quarantine reason: printable ASCII, at most `max_bytes`.
[[nodiscard]] std::string reply_text(std::string_view text, std::size_t max_bytes);

/// What to do about a judged mail. Mail is held, deferred or rejected in Mode::Enforce only;
/// headers are added in every mode but never to outbound mail; copies of our headers that came
/// along are always taken away.
[[nodiscard]] Plan plan_for(const MailRecord& record, Mode mode, const MilterOptions& options,
                            const Negotiated& negotiated, const OwnHeaders& brought_along);

/// The same for mail that a locked account submits, in every mode and whatever was judged: held, or
/// refused with `why` in the answer. An admin's word goes before the mode.
[[nodiscard]] Plan plan_for_locked(const MailRecord* record, const AccountLock& lock,
                                   const AccountOptions& options, const Negotiated& negotiated,
                                   const OwnHeaders& brought_along);

/// What to do about a mail that is of two tenants, with a plan of each: the stricter answer, for
/// the MTA can only treat the mail as a whole, and no header that tells one what the other's kith
/// thinks.
[[nodiscard]] Plan stricter(Plan a, Plan b);

/// What to do about a mail without a verdict.
[[nodiscard]] Plan plan_without_verdict(const MilterOptions& options, const Negotiated& negotiated,
                                        const OwnHeaders& brought_along);

}  // namespace kith::milter
