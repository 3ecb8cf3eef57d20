// SPDX-License-Identifier: Apache-2.0
// The table of configuration keys (keys.def) as values: what the loader checks against, what `kith
// check-config` prints and what the documentation is compared with. Pure. Covered by
// tests/unit/config/keys_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/config/config.hpp"

namespace kith {

/// How the text of a key becomes a value.
enum class KeyType {
    Bool,       ///< true or false
    Count,      ///< whole number
    Number,     ///< finite number
    Size,       ///< bytes: "512KiB", "1GiB", 4096
    Duration,   ///< "5s", "10m", "12h", "90d", "2w"
    Days,       ///< a duration kept in days
    Text,       ///< any text of one line
    Choice,     ///< one of the words in the range
    Path,       ///< absolute file name
    Socket,     ///< unix:PATH, inet:PORT@ADDRESS, inet6:PORT@ADDRESS
    Domains,    ///< domain or list of domains
    Networks,   ///< CIDR or list of them
    Paths,      ///< file name or list of file names
    Names,      ///< word or list of words
    Address,    ///< mail address, or empty
    Addresses,  ///< mail address or list of them
    Url,        ///< http or https, or empty
    Modes,      ///< map from a part of the mail to its mode (ModeRule)
};
[[nodiscard]] std::string_view to_string(KeyType type) noexcept;  ///< "whole number"
[[nodiscard]] bool is_list(KeyType type) noexcept;
/// A key whose entries have names that an admin chooses; all of them are one value.
[[nodiscard]] bool is_map(KeyType type) noexcept;

/// When a changed value takes effect.
enum class KeyEffect { Live, Start };

struct KeyInfo {
    std::string_view path;  ///< "milter.deadline"
    KeyType type;
    std::string_view range;  ///< "1s..60s", "accept|tempfail" or ""
    KeyEffect effect;
    std::string_view description;
};

/// All keys in the order of keys.def.
[[nodiscard]] const std::vector<KeyInfo>& config_keys();
/// nullptr when there is no such key.
[[nodiscard]] const KeyInfo* find_config_key(std::string_view path);

/// One value as written in a file.
struct ConfigText {
    std::string text;
    bool quoted = false;  ///< in quotes: text whatever it looks like
    std::string name{};   ///< of an entry of a map, as written
};

/// "inbound", "example.com" or "inbound example.com" as a rule without its mode. Config: the
/// reason. Whether the domain is an own one only check_across_keys() can tell.
[[nodiscard]] Result<ModeRule> parse_mode_scope(std::string_view text);
/// The same in lower case, with one blank between direction and domain.
[[nodiscard]] std::string mode_scope(const ModeRule& rule);

/// Checks `values` against the key's type and range and puts them into `config`. `values` has one
/// element unless the key is a list or a map. Config: the reason, without the place; `config` is
/// unchanged then.
[[nodiscard]] Status set_config_key(Config& config, const KeyInfo& key,
                                    const std::vector<ConfigText>& values);
/// The value as it can stand in a file: "5s", "[example.com]".
[[nodiscard]] std::string print_config_key(const Config& config, const KeyInfo& key);

/// The effective configuration as a file that loads to the same values.
[[nodiscard]] std::string print_config(const Config& config);
/// Keys whose value is not the default, with their values, in table order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> non_default_keys(
    const Config& config);
/// Keys that differ and that a reload does not apply: to be named in the log of a reload.
[[nodiscard]] std::vector<std::string> keys_needing_restart(const Config& before,
                                                            const Config& after);

/// One problem between keys, e.g. shares that do not sum to 1.
struct CrossProblem {
    std::vector<std::string> keys;  ///< that take part, the one to blame first
    std::string reason;
};
/// Checks that concern several keys; assumes that each key is valid by itself.
[[nodiscard]] std::vector<CrossProblem> check_across_keys(const Config& config);

}  // namespace kith
