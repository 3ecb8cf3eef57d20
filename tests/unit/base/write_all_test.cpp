// SPDX-License-Identifier: Apache-2.0
// A write that ends when everything is written (engine/base/write_all.hpp).
#include "engine/base/write_all.hpp"

#include <fcntl.h>

#include <array>
#include <string>
#include <thread>

#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("all of it arrives, however little is taken at once") {
    std::array<int, 2> fds{};
    REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
    const UniqueFd from(fds[0]);
    UniqueFd to(fds[1]);
    const std::string sent(300'000, 'k');  // more than a pipe holds
    std::string got;
    std::thread reader([&] {
        std::array<char, 1000> buffer{};
        for (ssize_t n = 0; (n = ::read(from.get(), buffer.data(), buffer.size())) > 0;)
            got.append(buffer.data(), static_cast<std::size_t>(n));
    });
    CHECK(write_all(to.get(), sent) == 0);
    to.reset();
    reader.join();
    CHECK(got == sent);
    CHECK(write_all(-1, "") == 0);
}

TEST_CASE("what cannot be written is said") {
    CHECK(write_all(-1, "x") == EBADF);
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full);
    CHECK(write_all(full.get(), "x") == ENOSPC);
}
