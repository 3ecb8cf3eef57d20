// SPDX-License-Identifier: Apache-2.0
// Keys of records in the store's tables, in one place for reader and writer (FORMAT.md).
// Persistent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

/// Eight bytes, big-endian, so that keys sort as numbers.
[[nodiscard]] std::string integer_key(std::uint64_t x);
[[nodiscard]] std::optional<std::uint64_t> decode_integer_key(std::string_view bytes);
/// Table SiteWords.
[[nodiscard]] std::string word_key(std::uint32_t word);
/// Table Threads: a Message-ID's hash -> its thread's root; the root -> the thread.
[[nodiscard]] std::string thread_alias_key(std::uint64_t message_id);
[[nodiscard]] std::string thread_key(std::uint64_t root);
/// Table Messages: a mail that was delayed, and when (engine/learner/FORMAT.md).
[[nodiscard]] std::string delayed_key(std::uint64_t delay_key);

}  // namespace kith
