// SPDX-License-Identifier: Apache-2.0
// Files that an admin writes, as text: what is no plain file, or what anybody may write, is
// refused. Covered by tests/unit/config/config_test.cpp and models_test.cpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.hpp"

namespace kith {

/// The file's bytes, one more than YamlLimits::max_bytes at most. Io with the reason alone, without
/// the name.
[[nodiscard]] Result<std::string> read_config_file(const std::string& file);

struct ConfigDirectory {
    std::vector<std::string> files;  ///< *.yaml in name order, none hidden
    std::vector<std::pair<std::string, std::string>> problems;  ///< file or directory, reason
};
/// What of a directory is read. One that is missing is empty.
[[nodiscard]] ConfigDirectory list_config_directory(const std::string& directory);

}  // namespace kith
