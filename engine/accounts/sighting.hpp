// SPDX-License-Identifier: Apache-2.0
// What kith sees of an account, whatever told it: an event of a mail server or a mail that the
// account sent. Hashed values to judge by, and the few words that an admin reads. Pure. Covered by
// tests/unit/accounts/sighting_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/accounts/feature.hpp"
#include "engine/base/geo_place.hpp"
#include "engine/base/hash.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith {

/// What was done: the kinds of events and, after them, a mail. Persistent numbers.
enum class AccountAct : std::uint8_t {
    Login = 0,
    LoginFailed = 1,
    LoginRefused = 2,
    SessionEnd = 3,
    Read = 4,
    Delete = 5,
    Copy = 6,
    Folder = 7,
    RuleStored = 8,
    RuleActivated = 9,
    RuleRemoved = 10,
    Credential = 11,
    Forward = 12,
    Mail = 64,  ///< a mail was submitted
};
[[nodiscard]] std::string_view to_string(AccountAct a) noexcept;

/// Facts that indicators are made of; bits of Sighting::marks. Persistent numbers.
enum class AccountMark : std::uint8_t {
    RedirectsOutside,  ///< mail is sent on to an address that is not the site's
    HidesMail,   ///< mail is thrown away, or moved and marked as read, before its owner sees it
    NamesTopic,  ///< a rule that looks for words of payment, security, delivery or persons
    Legacy,      ///< protocol and method that ask for nothing but a password
    OwnPeople,   ///< the mail goes to people of the site only
    Payload,     ///< the mail has a link or a request that is new for its sender
    Solicited,   ///< the mail answers a suspicious one
    FileToNew,   ///< the mail has a file for somebody this sender had no mail with
    FileToOwnAddress,  ///< the mail has a file for an address that is called like its sender
    Misdirected,       ///< one recipient does not belong to the others
    ManyRecipients,    ///< the mail goes to at least ten people
};

struct Sighting {
    Time time{};
    AccountAct act = AccountAct::Login;
    Key16 account{};                        ///< account_key() of its login name
    std::string name;                       ///< of the account
    AccountValues values{};                 ///< what needs no history
    std::uint32_t session = 0;              ///< 0 = none
    std::uint64_t id = 0;                   ///< to find repeats; 0 = none
    std::uint64_t messages = 0;             ///< read, deleted, copied
    std::uint32_t repeats = 1;              ///< at most kMaxRepeats
    std::vector<std::uint32_t> recipients;  ///< of a mail, at most kMaxRecipients
    std::uint32_t marks = 0;                ///< bit per AccountMark
    float mail_nats = 0;                    ///< how unlike its sender the mail is by itself, 0 to 6
    bool imported = false;                  ///< of the past: it teaches, and opens no incident
    std::string mail;                       ///< kith's id of it
    GeoPlace place;                         ///< where it was done from, as was known then

    // In words, at most kMaxWordsBytes each, "" = not known; the detail of a rule is what it does,
    // and so much of where it sends mail.
    std::string network, organisation, client, service, mechanism, tls, detail;

    static constexpr std::size_t kMaxWordsBytes = 80, kMaxRecipients = 1000;
    static constexpr std::uint32_t kMaxRepeats = 10000;
    [[nodiscard]] bool has(AccountMark m) const noexcept {
        return (marks >> static_cast<unsigned>(m) & 1U) != 0;
    }
    [[nodiscard]] std::uint32_t value(AccountFeature f) const noexcept {
        return values[index_of(f)];
    }
};

/// "203.0.113.0/24", "2001:db8:1::/48"; "" for what is no address.
[[nodiscard]] std::string network_prefix(std::string_view address);
/// Value of the feature country: its two letters, so that an admin can be told which it is; 0 for
/// what is none. Persistent.
[[nodiscard]] constexpr std::uint32_t country_value(std::string_view country) noexcept {
    return is_country(country) ? static_cast<std::uint32_t>(country[0]) << 8U |
                                     static_cast<std::uint32_t>(country[1])
                               : 0;
}
/// "DE"; "" for what is no value of a country.
[[nodiscard]] std::string country_of(std::uint32_t value);
/// A program's name without version numbers, lower case: "thunderbird".
[[nodiscard]] std::string program_name(std::string_view client_id);
/// Part of the week that decides what is usual: 1 to 8 on working days, 9 to 16 at weekends, UTC.
[[nodiscard]] std::uint32_t part_of_week(Time t) noexcept;

/// What an event is remembered by, from its source's id; 0 = it has none.
[[nodiscard]] std::uint64_t account_event_id(const Hasher& hasher, std::string_view id);

/// `time`: when it happened, by one clock for all hosts. `own_domains`: of the site.
[[nodiscard]] Sighting sighting_of(const AccountEvent& event, Time time, const Hasher& hasher,
                                   const std::vector<std::string>& own_domains);
/// Whether the mail is an act of its account: submitted with a login, and neither put off (who sent
/// it sends it again), nor imported, nor kith's own.
[[nodiscard]] bool is_submission(const MailRecord& mail) noexcept;
/// REQUIRES: the record's auth_user is not empty.
[[nodiscard]] Sighting sighting_of(const MailRecord& mail, const Hasher& hasher);

}  // namespace kith
