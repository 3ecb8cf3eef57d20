// SPDX-License-Identifier: Apache-2.0
// What an admin allowed: for mail of one sender to the recipients of a mail that was released, the
// features that were that mail's reasons are no surprise until a day. Never for a domain, never for
// everything: mail to anybody else is judged as ever, and mail to these people by everything else.
// Bytes and key: engine/learner/FORMAT.md. Covered by tests/unit/profile/allowance_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"

namespace kith {

struct Allowance {
    std::string id;                       ///< of the mail that was released
    std::vector<Key16> rcpts;             ///< its recipients
    std::vector<std::uint16_t> features;  ///< index (in memory), tag (on disk)
    Time granted{}, expires{};
    std::string from;                     ///< for people; so are the next three
    std::vector<std::string> rcpt_names;  ///< as many as rcpts, in their order
    std::string who, why;

    static constexpr std::size_t kMaxRecipients = 64;
    static constexpr std::size_t kMaxText = 320;  ///< bytes of each text
};

/// Of one sender.
struct Allowances {
    std::vector<Allowance> items;

    static constexpr std::size_t kMax = 32;

    /// Puts it in; an earlier one of the same mail, those that are over and the oldest beyond kMax
    /// go.
    void add(Allowance allowance, Time now);
    /// False when there is none of this mail.
    bool remove(std::string_view id);
    /// Features that every one of `rcpts` is allowed at `now`, each once, sorted. None without
    /// recipients.
    [[nodiscard]] std::vector<std::uint16_t> allowed(const std::vector<Key16>& rcpts,
                                                     Time now) const;
};

[[nodiscard]] std::string encode(const Allowances& allowances);
/// nullopt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] std::optional<Allowances> decode_allowances(std::string_view bytes);
/// Key in table Messages.
[[nodiscard]] std::string allowances_key(const Key16& sender);
/// First byte of such a key. Persistent.
inline constexpr char kAllowanceKey = 'P';

}  // namespace kith
