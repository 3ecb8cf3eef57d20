// SPDX-License-Identifier: Apache-2.0
// State <-> bytes (FORMAT.md). Decoding verifies first and returns nothing for bytes that are not
// what they should be: a damaged record is a cold start, never a crash. Feature values are stored
// under persistent tags; tags this build does not know are dropped. Covered by
// tests/unit/profile/codec_test.cpp and tests/fuzz/fuzz_state.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/profile/state.hpp"

namespace kith {

[[nodiscard]] std::string encode(const Profile& p);
[[nodiscard]] std::string encode(const Vocabulary& v);
[[nodiscard]] std::string encode(const Thread& t);
[[nodiscard]] std::string encode(const NameUse& n);
[[nodiscard]] std::string encode(const Traces& t);
[[nodiscard]] std::string encode(const SiteWord& w);
[[nodiscard]] std::string encode(const HostUse& h);

[[nodiscard]] std::optional<Profile> decode_profile(std::string_view bytes);
[[nodiscard]] std::optional<Vocabulary> decode_vocabulary(std::string_view bytes);
[[nodiscard]] std::optional<Thread> decode_thread(std::string_view bytes);
[[nodiscard]] std::optional<NameUse> decode_name_use(std::string_view bytes);
[[nodiscard]] std::optional<Traces> decode_traces(std::string_view bytes);
[[nodiscard]] std::optional<SiteWord> decode_site_word(std::string_view bytes);
[[nodiscard]] std::optional<HostUse> decode_host_use(std::string_view bytes);

/// Writes every piece of the site's state under its own name ("novelty/17", "scores/0/1", …), so
/// that a commit stores only what changed: `put(name, bytes)` is called for all; the caller
/// compares.
void encode_site(const SiteState& site,
                 const std::function<void(const std::string&, std::string)>& put);
/// Puts one piece back. False when the name is unknown or the bytes do not fit; the piece keeps its
/// start value then.
bool decode_site_piece(std::string_view name, std::string_view bytes, SiteState& site);

}  // namespace kith
