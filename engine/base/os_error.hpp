// SPDX-License-Identifier: Apache-2.0
// errno as an Error: the one table from the operating system's failures to ours.
// Covered by tests/unit/journal/faults_test.cpp and tests/unit/store/faults_test.cpp.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "engine/base/result.hpp"

namespace kith {

/// Kind of failure that `error_number` (errno) stands for: Full for a full disk, quota or file size
/// limit, Permission, NoInput for a missing file, TryAgain when out of descriptors or memory, else
/// Io.
[[nodiscard]] inline ErrorCode os_error_code(int error_number) noexcept {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return ErrorCode::Full;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorCode::Permission;
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::NoInput;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EAGAIN:
            return ErrorCode::TryAgain;
        default:
            return ErrorCode::Io;
    }
}

/// "`what`: No space left on device".
[[nodiscard]] inline Unexpected os_fail(const std::string& what, int error_number,
                                        std::string hint = {}) {
    return fail(os_error_code(error_number),
                what + ": " + std::generic_category().message(error_number), std::move(hint));
}

}  // namespace kith
