// SPDX-License-Identifier: Apache-2.0
// Follows a growing text file line by line, across rotation: by rename (a new file takes the name)
// and by truncation. Begins some way before the end, since what was read before a restart is known
// by its ids. Covered by tests/unit/intake/log_follower_test.cpp.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {

/// Collects bytes into lines. A line longer than kMaxLogLine is passed over whole.
class LineCutter {
public:
    void add(std::string_view bytes, const std::function<void(std::string_view)>& line);
    void reset() { rest_.clear(), skipping_ = false; }

private:
    std::string rest_;
    bool skipping_ = false;
};

class LogFollower {
public:
    static constexpr off_t kBeforeEnd = 1 << 20;      ///< bytes read of what is there at the start
    static constexpr std::size_t kAtOnce = 1U << 20;  ///< bytes read by one call of poll()

    explicit LogFollower(std::string file) : file_(std::move(file)) {}
    /// Calls `line` for each new complete line, without its end. NoInput, Permission, Io when there
    /// is nothing to follow now; the next call looks again.
    [[nodiscard]] Status poll(const std::function<void(std::string_view)>& line);

private:
    [[nodiscard]] Status open_file(bool at_start);
    /// Whether all that is there was read.
    [[nodiscard]] Result<bool> read_new(const std::function<void(std::string_view)>& line);

    const std::string file_;
    UniqueFd fd_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    off_t offset_ = 0;
    bool begun_ = false;
    bool skip_first_ = false;  ///< it began in the middle of a line
    LineCutter cutter_;
};

}  // namespace kith
