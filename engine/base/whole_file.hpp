// SPDX-License-Identifier: Apache-2.0
// Small files that are read at once and replaced as a whole: locks, what commands remember, models.
// Covered by tests/unit/base/whole_file_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"

namespace kith {

enum class FileFor : std::uint8_t {
    Services,  ///< mode 0640, the owner of its directory
    Everyone,  ///< mode 0644, the caller: configuration
};
/// Writes the file whole or not at all: beside it first, forced to disk, then renamed. Full,
/// Permission, NoInput for a missing directory, Io.
[[nodiscard]] Status write_whole(const std::string& path, std::string_view text,
                                 FileFor whom = FileFor::Services);
/// At most `max` bytes; NoInput when there is none, Full when it is larger. Follows no symbolic
/// link and waits for nothing.
[[nodiscard]] Result<std::string> read_small(const std::string& path, std::size_t max);

}  // namespace kith
