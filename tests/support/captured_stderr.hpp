// SPDX-License-Identifier: Apache-2.0
// Standard error of this process in a file, to see what was logged.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "engine/base/unique_fd.hpp"

namespace kith::test {

/// Standard error into a file while it lives.
class CapturedStderr {
public:
    explicit CapturedStderr(const std::string& file)
        : saved_(::dup(STDERR_FILENO)),
          target_(::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600)) {
        ::dup2(target_.get(), STDERR_FILENO);
    }
    ~CapturedStderr() { ::dup2(saved_.get(), STDERR_FILENO); }
    CapturedStderr(const CapturedStderr&) = delete;
    CapturedStderr& operator=(const CapturedStderr&) = delete;

private:
    UniqueFd saved_, target_;
};

}  // namespace kith::test
