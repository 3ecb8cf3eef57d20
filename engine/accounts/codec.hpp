// SPDX-License-Identifier: Apache-2.0
// Records of accounts to and from bytes (state.fbs, FORMAT.md). Decoding verifies before it reads
// and keeps every bound of state.hpp; numbers that are none make it fail. Covered by
// tests/unit/accounts/codec_test.cpp and, for old bytes, tests/golden.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/accounts/kept_judgement.hpp"
#include "engine/accounts/state.hpp"
#include "engine/journal/journal.hpp"

namespace kith {

[[nodiscard]] std::string encode(const AccountState& account);
/// nullopt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] std::optional<AccountState> decode_account_state(std::string_view bytes);

[[nodiscard]] std::string encode(const Habit& habit, std::uint8_t tag);
/// False, and nothing changes, when the bytes are no habit of this feature of a parent.
[[nodiscard]] bool decode_habit(std::string_view bytes, std::uint8_t tag, Habit& out);

/// Every piece of the site's state under its own name, so that a commit stores only what changed:
/// `put(name, bytes)` is called for all; the caller compares.
void encode_site(const AccountSite& site,
                 const std::function<void(const std::string&, std::string)>& put);
/// Puts one piece back. False when the name is unknown or the bytes do not fit; the piece keeps its
/// start value then.
[[nodiscard]] bool decode_site_piece(std::string_view name, std::string_view bytes,
                                     AccountSite& site);

[[nodiscard]] std::string encode(const KeptJudgement& kept);
[[nodiscard]] std::optional<KeptJudgement> decode_kept_judgement(std::string_view bytes);

/// Keys in table Accounts. Persistent.
[[nodiscard]] std::string account_state_key(const Key16& account);
inline constexpr char kAccountStateKey = 'a';
/// `domain`: of the accounts, Key16{} = the site.
[[nodiscard]] std::string account_habit_key(const Key16& domain, std::uint8_t tag);
/// Of a piece of the site's state.
[[nodiscard]] std::string account_site_key(std::string_view name);
inline constexpr char kAccountSiteKey = 's';
/// Of an event's id that was seen; the value is its day.
[[nodiscard]] std::string account_event_key(std::uint64_t id);
inline constexpr char kAccountEventKey = 'i';
/// Of how the event or mail of this record of the journal was judged; in the order of the journal.
[[nodiscard]] std::string kept_judgement_key(JournalPosition record);
/// Number of the segment of such a key; 0 for what is none.
[[nodiscard]] std::uint64_t segment_of_kept_judgement(std::string_view key) noexcept;
inline constexpr char kKeptJudgementKey = 'j';

}  // namespace kith
