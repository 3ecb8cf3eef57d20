// SPDX-License-Identifier: Apache-2.0
// A file by which a running service says what it cannot do now: one line of text, nothing when all
// is well. It lies on a file system of its own (/run), so that it can be written when the disk is
// full. Covered by tests/unit/base/trouble_file_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

struct StandingTrouble {
    std::string text;
    Time since{};  ///< when it was written
};

/// Says `text`; "" = all is well. Replaces the file in one step.
[[nodiscard]] Status write_trouble(const std::string& file, const std::string& text);
/// What was said last; nullopt when all is well. NoInput when nothing was ever said, Permission,
/// Io.
[[nodiscard]] Result<std::optional<StandingTrouble>> read_trouble(const std::string& file);

}  // namespace kith
