// SPDX-License-Identifier: Apache-2.0
// Payload of RecordType::Account: one thing that happened on an own account, as a mail server told
// it (engine/intake) or a log did. No passwords, no text of mail, no text of a rule: what a rule
// does is kept, and hashes of what it looks for. Bytes: engine/journal/FORMAT.md (FlatBuffers,
// verified before use). Covered by tests/unit/journal/account_event_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/geo_place.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// What happened. Persistent numbers.
enum class AccountEventKind : std::uint8_t {
    Login = 0,         ///< a session or a submission was authenticated
    LoginFailed = 1,   ///< wrong password, unknown account; not when refused by kith
    LoginRefused = 2,  ///< a policy answered no
    SessionEnd = 3,    ///< with the counts of the whole session
    Read = 4,          ///< messages fetched from a mailbox (counts; many commands may be one event)
    Delete = 5,        ///< messages expunged or moved to the trash
    Copy = 6,          ///< messages copied or moved elsewhere
    Folder = 7,        ///< a mailbox was made, renamed or deleted, or who may read it was changed
    RuleStored = 8,    ///< a filter script was written, not necessarily active
    RuleActivated = 9,
    RuleRemoved = 10,  ///< deleted or no longer active
    Credential = 11,   ///< password, app password or consent to another client changed
    Forward = 12,      ///< mail is forwarded from now on, other than by a filter script
};
inline constexpr std::size_t kAccountEventKinds = 13;
[[nodiscard]] std::string_view to_string(AccountEventKind k) noexcept;  ///< login, login-failed, …

/// What a filter script does, as far as it can hide or leak mail (engine/intake/sieve.hpp).
struct RuleSummary {
    std::string name;                    ///< of the script; "" = not known
    std::vector<std::string> redirects;  ///< addresses mail is sent on to, lower case
    std::vector<std::string> folders;    ///< mailboxes mail is moved to
    std::vector<std::uint32_t> words;    ///< hash32 of the words its conditions look for
    std::uint8_t topics = 0;             ///< RuleTopic bits of those words
    bool discards = false;               ///< mail is thrown away, silently
    bool marks_seen = false;             ///< mail is marked as read or deleted
    bool stops = false;                  ///< later rules do not see what this one took
    bool keeps_copy = false;             ///< what is sent on also stays
    bool conditional = false;            ///< some of it depends on a condition
    bool understood = false;             ///< false: not parsed; the rest tells nothing
    auto operator<=>(const RuleSummary&) const = default;
};
/// Bits of RuleSummary::topics: what somebody who hides something looks for.
enum class RuleTopic : std::uint8_t { Payment = 1, Security = 2, Delivery = 4, Person = 8 };

struct AccountEvent {
    AccountEventKind kind = AccountEventKind::Login;
    Time time{};              ///< when it happened, by the clock of `host`
    std::string id;           ///< of the source's own, to find repeats; "" = none
    std::string account;      ///< login name, lower case, as mail submitted by it carries it
    std::string host;         ///< of the server
    std::string service;      ///< imap, pop3, managesieve, submission, smtp, …
    std::string session;      ///< the source's session id; "" = none
    std::string client_addr;  ///< as text; "" = not known
    std::string client_name;  ///< its verified host name, or ""
    std::string client_id;    ///< IMAP ID or what the client else says of itself
    std::string mechanism;    ///< PLAIN, XOAUTH2, …
    std::string tls;          ///< protocol and cipher, or a JA3 hash; "" = none or not known
    std::string mailbox;      ///< Read, Delete, Copy (from), Folder
    std::string to_mailbox;   ///< Copy
    std::uint64_t messages = 0, bytes = 0;
    std::uint32_t repeats = 1;  ///< events alike that this one stands for
    std::uint32_t seconds = 0;  ///< SessionEnd: how long it was
    std::string detail;         ///< Folder, Credential, Forward: what exactly; Login*: why refused
    std::vector<std::uint64_t> message_ids;  ///< hashes as Observations::message_id, at most 64
    RuleSummary rule;                        ///< Rule*
    bool imported = false;                   ///< from a log of the past: `time` is what counts
    GeoPlace place;  ///< of client_addr, as databases said when the event came
};

/// Longer texts are cut, further elements left out, by encode().
inline constexpr std::size_t kMaxAccountText = 255;
inline constexpr std::size_t kMaxAccountList = 64;

[[nodiscard]] std::string encode(const AccountEvent& event);
/// Corrupt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] Result<AccountEvent> decode_account_event(std::string_view bytes);

}  // namespace kith
