// SPDX-License-Identifier: Apache-2.0
// A write that ends when everything is written. Covered by tests/unit/base/write_all_test.cpp.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace kith {

/// Writes all of `bytes` to a blocking descriptor, whatever signals come. 0, or the error number;
/// ENOSPC when the kernel takes nothing and says nothing.
[[nodiscard]] inline int write_all(int fd, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : ENOSPC;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

}  // namespace kith
