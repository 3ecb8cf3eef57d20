// SPDX-License-Identifier: Apache-2.0
// A Unix socket that somebody listens at, and nobody answers.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"

namespace kith::test {

class UnixListener {
public:
    explicit UnixListener(const std::string& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        REQUIRE(::listen(fd_.get(), 8) == 0);
    }

private:
    UniqueFd fd_;
};

}  // namespace kith::test
