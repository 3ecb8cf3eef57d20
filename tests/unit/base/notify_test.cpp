// SPDX-License-Identifier: Apache-2.0
// What the service manager hears, on a socket of the test's own.
#include "engine/base/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;

namespace {

// The manager's end; its name is in the environment while it lives, as in a unit with Type=notify.
class Manager {
public:
    Manager() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        dir_.file("notify").copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        ::setenv("NOTIFY_SOCKET", dir_.file("notify").c_str(), 1);
    }
    ~Manager() {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            ::unsetenv(name);
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    [[nodiscard]] std::string heard() const {
        std::array<char, 256> text{};
        const ssize_t n = ::recv(fd_.get(), text.data(), text.size(), 0);
        return n < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(n));
    }

private:
    test::TempDir dir_;
    UniqueFd fd_;
};

}  // namespace

TEST_CASE("the service manager hears what it knows") {
    const Manager manager;
    notify_ready("serving");
    CHECK(manager.heard() == "READY=1\nSTATUS=serving");
    notify_alive();
    CHECK(manager.heard() == "WATCHDOG=1");
    notify_reloading();
    CHECK(manager.heard().find("RELOADING=1\nMONOTONIC_USEC=") == 0);
    notify_stopping();
    CHECK(manager.heard() == "STOPPING=1");
}

TEST_CASE("half of the watchdog's time is the time between signs of life") {
    const Manager manager;
    CHECK_FALSE(watchdog_interval());
    ::setenv("WATCHDOG_USEC", "60000000", 1);
    CHECK(watchdog_interval() == std::chrono::seconds(30));
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    CHECK(watchdog_interval() == std::chrono::seconds(30));
    // Meant for another process: a child that inherited it.
    ::setenv("WATCHDOG_PID", "1", 1);
    CHECK_FALSE(watchdog_interval());
}

TEST_CASE("asked often, a sign of life is given once in that time") {
    const Manager manager;
    AliveTeller unwatched;
    unwatched.tell();
    ::setenv("WATCHDOG_USEC", "600000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    AliveTeller teller;
    for (int i = 0; i < 1000; ++i) teller.tell();
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    CHECK(manager.heard() == "WATCHDOG=1");
    notify_stopping();
    CHECK(manager.heard() == "STOPPING=1");
}

TEST_CASE("without a service manager nothing happens") {
    notify_ready("serving");
    notify_alive();
    CHECK_FALSE(watchdog_interval());
}
