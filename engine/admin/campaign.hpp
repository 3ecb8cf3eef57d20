// SPDX-License-Identifier: Apache-2.0
// What belongs together beyond one sender: mail with the same rare link or the same words as some
// mails (a campaign), what else came from where they came from, and who answered them. Found by one
// walk over the journal around them, so that nothing more is remembered. Covered by
// tests/unit/admin/report_mail_test.cpp.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

/// How a mail is related to the ones asked about. The first that fits is told.
enum class Tie : std::uint8_t {
    Seed,     ///< it is one of them
    Message,  ///< the same Message-ID
    Link,     ///< the same page, or one of the same tenant, that hardly anybody here links to
    Words,    ///< nearly the same words
    Reply,    ///< answers one of them, or writes to their sender after it got one
    Sender,   ///< the same sender
    Network,  ///< the same client network
    Host,     ///< the same client by name
};
[[nodiscard]] std::string_view to_string(Tie t) noexcept;  ///< "same link"
/// Campaign: the same hand wrote it, by its content.
[[nodiscard]] constexpr bool is_campaign(Tie t) noexcept {
    return t == Tie::Message || t == Tie::Link || t == Tie::Words;
}

struct RelatedMail {
    Tie tie = Tie::Seed;
    MailEntry entry;
    std::vector<std::string> rcpts;
    std::string client;  ///< "192.0.2.7 (out.example)"
};

struct Related {
    std::vector<RelatedMail> mails;  ///< by time; seeds as well
    std::uint64_t left_out = 0;      ///< beyond kMaxRelated
    bool cut = false;                ///< the walk ended early, after kMaxWalked records
};
inline constexpr std::size_t kMaxRelated = 500;
inline constexpr std::size_t kMaxWalked = 500000;
/// So long before the first and after the last of the mails asked about.
inline constexpr Seconds kCampaignWindow{2LL * 86400};

/// Of the mails with these ids; those that index or journal have forgotten are passed over.
[[nodiscard]] Result<Related> related_mail(const Config& config, const StoreReader& reader,
                                           const std::vector<std::string>& ids);

/// Who answered mails of each of these lists of ids, or wrote to their senders after it got one:
/// From addresses, each once. One walk for all lists.
[[nodiscard]] Result<std::vector<std::set<std::string>>> who_answered(
    const Config& config, const StoreReader& reader,
    const std::vector<std::vector<std::string>>& ids);

/// "192.0.2" of an IPv4 address, the first 48 bits of another, as text; "" when it is none.
[[nodiscard]] std::string network_of(const std::string& address);

}  // namespace kith::admin
