// SPDX-License-Identifier: Apache-2.0
// How a mail relates to what is known: plain numbers made by relate() (engine/profile/relate.hpp)
// from Observations and the history of the sender it is judged as. Relational features read only
// this.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/hash.hpp"

namespace kith {

/// How new something is, from well known to unheard of. Order = rank.
enum class Novelty : std::uint8_t {
    Sender = 0,
    Domain = 1,
    Site5 = 2,
    Site1 = 3,
    Never = 4,
    None = 255
};

/// State of the thread a mail claims to belong to.
enum class ThreadState : std::uint8_t {
    None,       ///< no reference
    Unknown,    ///< refers to mail never seen here
    Member,     ///< known; this sender took part
    Colleague,  ///< known; somebody of the sender's domain took part
    Addressed,  ///< known; the sender was among the recipients
    Newcomer,   ///< known; the sender never had to do with it
};

/// How the login that submitted a mail stands to the address it writes as.
enum class AccountFrom : std::uint8_t {
    None,    ///< no login, or one hardly known
    Usual,   ///< it wrote as this address before
    New,     ///< it never did
    Others,  ///< it never did, and another login often does
};

inline constexpr std::size_t kLengthBuckets = 6;

/// An address that has been here for so many days has been learned after probation.
inline constexpr double kProbationDays = 3;

struct Relations {
    // Links of the own text, the newest counts.
    Novelty host = Novelty::None;    ///< registrable domain
    Novelty tenant = Novelty::None;  ///< host name and first path segment
    bool new_link = false;  ///< a host the sender never used, or a new tenant on a shared host
    std::uint32_t link_asks = 0;  ///< what is asked beside the new links
    double link_known = 0;        ///< share of known words of the new link that has the fewest
    double url_known =
        1;  ///< share of the link's words known to thread, sender or site; 1 = all or none to judge
    bool url_words = false;

    // Language; only meaningful when `language` is true.
    bool language = false;
    double mix = 0, thread_words = 0, word_gap = 0, unseen = 0;
    bool has_thread_words = false;
    /// Do the words new for sender and conversation mark newcomers' mail here? Mean log odds.
    double stranger_words = 0;
    bool has_stranger_words = false;
    int length_bucket = 0;   ///< own words: <8, <25, <80, <200, <400, more
    int history_bucket = 0;  ///< mails of the sender: <3, <10, <50, more

    ThreadState thread = ThreadState::None;
    double quoted_known = -1;  ///< share of the quoted passages that were said in the thread; -1 =
                               ///< nothing quoted, or not all of the thread is known
    Novelty payment = Novelty::None, phone = Novelty::None;
    Novelty name = Novelty::None;  ///< display name at this address
    double recipients_known =
        -1;  ///< share of envelope recipients this sender wrote to before; -1 = no history
    int wrote_back = 0;  ///< own people wrote to this sender: 0 never, 1 long ago, 2 within 90
                         ///< days, 3 within 7 days

    // Identity flags (facts 3.4): who the sender might be taken for.
    bool look_alike_domain =
        false;  ///< near a domain the site corresponds with, itself hardly known
    bool known_local_part = false;  ///< a known correspondent's local part at another domain
    bool known_name = false;        ///< display name known with another address
    bool firm = false;       ///< the sender's domain is a firm that the site writes with both ways
    bool lent_name = false;  ///< the same, from a service that writes so (borrowed_names.hpp):
                             ///< known_name and what follows of it are not set then
    std::optional<Key16> claimed;  ///< the best known correspondent with that name or local part
    double messages = 0;           ///< mails of this sender learned so far
    double known_days = 0;         ///< since the first mail of this sender that was learned
    double domain_messages = 0;    ///< likewise, of its domain
    double pair_messages = 0;      ///< mails of this sender to these recipients
    double pair_answers = 0;       ///< mails of these recipients to this sender

    AccountFrom account_from = AccountFrom::None;

    // What only tags are made of.
    double received = 0, domain_received = 0;  ///< mails of own people to the sender, its domain
    double days = 0;                           ///< distinct days with mail of this sender
    std::size_t readers = 0;   ///< distinct recipients of this sender so far, as far as kept
    bool vip = false;          ///< the sender is one of the best connected people here
    bool own_name = false;     ///< display name of somebody of the site, at another address
    bool vip_name = false;     ///< display name of a VIP, at another address
    bool known_brand = false;  ///< display name has the name of a domain known here, not its own
    bool odd_reader = false;   ///< one recipient was never addressed with the others, who often are
    // The groups of the first recipients (engine/profile/group.hpp), as far as they are known.
    std::size_t groups = 0, groups_know_domain = 0;  ///< they, and those that the domain writes to
    unsigned group_new_asks = 0;                     ///< requests that never reached any of them
    bool answers_suspect = false;                    ///< refers to mail that was suspicious
};

}  // namespace kith
