// SPDX-License-Identifier: Apache-2.0
// What root makes must stay usable for the services, which run as a user of their own: files and
// directories get the owner of the directory they lie in. Covered by
// tests/unit/base/owned_test.cpp.
#pragma once

#include <string>

#include "engine/base/result.hpp"

namespace kith {

/// The directory that `path` lies in, with a slash behind it; "./" for a bare name.
[[nodiscard]] std::string parent_of(std::string path);

/// Gives the file or directory that was just made as `path` to the owner of the directory it lies
/// in. Does nothing when this process is not root.
[[nodiscard]] Status give_to_owner_of_directory(int fd, const std::string& path);

/// Makes the directory (mode 0750) unless it is there, for the owner of the directory it lies in.
/// NoInput with a hint when that one is missing.
[[nodiscard]] Status make_directory(const std::string& path);

/// "Cannot create `path`", with a hint when the directory it lies in is missing.
[[nodiscard]] Unexpected cannot_create(const std::string& path, int error_number);

}  // namespace kith
