// SPDX-License-Identifier: Apache-2.0
// A file by which a running service says something about itself, what it cannot do now or with what
// it runs: one line of text, or nothing. It lies on a file system of its own (/run), so that it can
// be written when the disk is full. Covered by tests/unit/base/status_line_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

struct StatusLine {
    std::string text;
    Time since{};  ///< when it was written
};

/// Says `text`, cut at 4 KB; "" = nothing (of trouble: all is well). Replaces the file in one step.
[[nodiscard]] Status write_status_line(const std::string& file, const std::string& text);
/// What was said last; nullopt when it was nothing. NoInput when nothing was ever said, Permission,
/// Io.
[[nodiscard]] Result<std::optional<StatusLine>> read_status_line(const std::string& file);

}  // namespace kith
