// SPDX-License-Identifier: Apache-2.0
// What kith keeps of a mail: feature values, keyed hashes, hashed words. Made from a Message by
// observe() without any history, written to the journal, and enough to score the mail as anybody's:
// scoring, learning, relearning and hunting need neither the body nor the Message. Persistent
// through the journal (engine/journal/FORMAT.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/features/feature_id.hpp"

namespace kith {

enum class Direction : std::uint8_t { Inbound = 0, Outbound = 1, Internal = 2 };
inline constexpr int kDirectionCount = 3;
[[nodiscard]] std::string_view to_string(Direction d) noexcept;

/// Value of one feature. Category and ordinal use `code`, numbers `number`.
struct FeatureValue {
    static constexpr std::uint32_t kNone =
        0;  ///< the mail says nothing about this feature: no surprise, not learned
    static constexpr std::uint32_t kAbsent = 1;    ///< absence that informs: a value like any other
    static constexpr std::uint32_t kFirstBin = 2;  ///< ordinal bin b is kFirstBin + b
    std::uint32_t code = kNone;
    float number = 0;
    [[nodiscard]] bool present() const noexcept { return code != kNone; }
};

/// One value per feature, index = feature index (feature_id.hpp).
using FeatureVector = std::array<FeatureValue, kFeatureCount>;

struct WordCount {
    std::uint32_t word = 0;
    std::uint32_t count = 0;
};

/// One distinct external link of the own text (image links left out).
struct ObservedLink {
    std::uint64_t host = 0;            ///< registrable domain
    std::uint64_t tenant = 0;          ///< host name + first path segment
    std::uint32_t shape = 0;           ///< skeleton of the path
    std::vector<std::uint32_t> words;  ///< words inside path and query, random tokens left out
    bool has_token =
        false;  ///< a path or query token of more than 20 characters with letters and digits
    bool own_domain = false;     ///< host belongs to the site
    bool sender_domain = false;  ///< host is the sender's own organisational domain
    std::uint32_t asks = 0;      ///< bit per Ask: what the words beside it ask for
};

/// Things a text asks its reader for; bits of Observations::asks. Order is persistent.
enum class Ask : std::uint8_t {
    Click,
    Open,
    Login,
    Document,
    Shared,
    Pay,
    Payee,
    Voucher,
    Call,
    Favour,
    Secret,
    Hurry,
    Confirm,
    Expire,
    Prize,
    Code,
    Install,
    Reply,
    Please,
    Unsubscribe,
    Send,
    Access,
    Sign,
    Channel,
    Records,
    Change,
    Amount,
    kCount
};

/// Who makes mail of this kind: a person, or a program for this purpose. Persistent numbers.
enum class MailKind : std::uint8_t {
    Person = 0,
    Newsletter = 1,
    List = 2,  ///< of a mailing list where people write
    Bulk = 3,
    Notification = 4,
    Ticket = 5,
    Report = 6,
    AutoReply = 7,
    Calendar = 8,
    Bounce = 9,
};
inline constexpr int kMailKindCount = 10;

/// Small facts that only tags (engine/scoring/tags.def) are made of; bits of Observations::marks.
/// Order is persistent.
enum class Mark : std::uint8_t {
    NamesSite,     ///< from outside, name or subject speak of the site's own domain
    Wallet,        ///< the payment data has a crypto currency's address
    Encrypted,     ///< an attachment cannot be looked into
    Form,          ///< HTML form
    ToOwnAddress,  ///< a recipient elsewhere is called like the sender
    SaidSpam,      ///< another filter on the way called it spam
    TextCut,       ///< more was written in it than own_passages holds
    WriteTo,       ///< has a link that writes to somebody who has no part in the mail
    kCount
};

struct Observations {
    Time time{};
    Direction direction = Direction::Inbound;

    Key16 sender;                              ///< the From address (all of them when several)
    Key16 domain;                              ///< its organisational domain
    std::uint32_t sender32 = 0, domain32 = 0;  ///< short forms for lists of users
    Key16 account{};                           ///< SASL login that submitted it; zero when none did
    std::vector<Key16> rcpts;                  ///< envelope recipients, sorted
    std::uint64_t rcpt_set = 0;                ///< hash of the set of envelope recipients
    std::uint64_t message_id = 0;              ///< 0 when absent
    std::vector<std::uint64_t> refs;           ///< In-Reply-To and References, nearest first
    std::uint64_t name = 0;  ///< display name, words sorted; 0 when none or fewer than two words
    std::uint64_t local_part = 0;               ///< local part of at least 5 letters
    std::uint64_t domain_label = 0;             ///< first label of the organisational domain
    std::vector<std::uint64_t> label_variants;  ///< skeleton and deletions of the label: two labels
                                                ///< within two edits share one
    bool free_mail_like = false;                ///< a provider where anybody gets a mailbox
    std::vector<std::uint64_t> name_labels;     ///< words of the display name, as domain labels
    std::vector<Key16> rcpt_domains;  ///< organisational domains of recipients outside the site,
                                      ///< distinct, sorted
    MailKind kind = MailKind::Person;
    std::uint32_t marks = 0;  ///< bit per Mark

    FeatureVector values{};  ///< features that need no history
    std::vector<std::pair<std::uint16_t, std::uint32_t>>
        set_members;  ///< (feature index, value) of set features

    std::vector<WordCount> words;             ///< own text, distinct, at most kMaxWords
    std::vector<std::uint32_t> thread_words;  ///< quoted text, distinct
    std::uint32_t word_total = 0;             ///< words of own text that count
    std::vector<ObservedLink> links;
    std::uint32_t asks = 0;              ///< bit per Ask, own text and subject
    std::vector<std::uint64_t> payment;  ///< IBANs, crypto addresses
    std::vector<std::uint64_t> phones;
    /// The same of attached documents, read after delivery: nobody is judged by them, they teach.
    std::vector<std::uint64_t> attached_payment, attached_phones;
    std::array<std::uint32_t, 8>
        sketch{};  ///< min-hashes of the own words: how alike two texts are
    std::vector<std::uint64_t> quoted_passages;  ///< of quoted text (passages.hpp)
    std::vector<std::uint64_t> own_passages;     ///< of all other text: what later may be quoted
    bool has_attachment = false;
    bool automatic = false;  ///< any kind but a person's: robots' and bulk mail

    static constexpr std::size_t kMaxWords = 400;
    static constexpr std::size_t kMaxLinks = 40;
    static constexpr std::size_t kMaxPassages = 96;
    static constexpr std::size_t kMaxPayments = 32;
    static constexpr std::size_t kMaxNameLabels = 6, kMaxRcptDomains = 32;
    [[nodiscard]] bool has(Mark m) const noexcept {
        return (marks >> static_cast<unsigned>(m) & 1U) != 0;
    }
    /// The From domain itself vouches for the mail, by an aligned signature or SPF: nobody else can
    /// make that so. A provider where anybody gets a mailbox does not speak for its users.
    [[nodiscard]] bool vouched_by_domain() const noexcept {
        return !free_mail_like &&
               values[index_of(FeatureId::aligned_signer)].code > FeatureValue::kAbsent;
    }
    /// Whose mail an account's profile learns it as: the login's; where the MTA tells none, the
    /// sender's own. REQUIRES: direction is not Inbound.
    [[nodiscard]] const Key16& submitted_by() const noexcept {
        return account == Key16{} ? sender : account;
    }
    [[nodiscard]] bool asks_for(Ask a) const noexcept {
        return (asks >> static_cast<unsigned>(a) & 1U) != 0;
    }
};

}  // namespace kith
