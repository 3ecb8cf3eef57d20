// SPDX-License-Identifier: Apache-2.0
// What a document that took its process over could still do: each try in a process of its own. A
// build with a sanitizer keeps its system calls, so there is less to show there.
#include "engine/documents/sandbox.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>

#include "engine/base/sanitizer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;

namespace {

constexpr int kEntered = 77;  // the sandbox could not be entered

/// Wait status of a process that enters the sandbox and exits with what `act` returns.
int status_of(const std::function<int()>& act, Seconds seconds = Seconds(5)) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(enter_sandbox(seconds) ? act() : kEntered);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return status;
}
bool exits_with(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
bool killed_by(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

}  // namespace

TEST_CASE("in the sandbox memory and the open descriptors still work") {
    CHECK(exits_with(status_of([] { return ::write(1, "", 0) == 0 ? 0 : 1; }), 0));
    CHECK(exits_with(status_of([] { return std::malloc(1 << 20) != nullptr ? 0 : 1; }), 0));
}

TEST_CASE("in the sandbox no file can be opened, and none is written") {
    CHECK(exits_with(status_of([] { return ::open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1; }), 0));
    const test::TempDir dir;
    const int fd = ::open(dir.file("out").c_str(), O_WRONLY | O_CREAT, 0600);
    REQUIRE(fd >= 0);
    CHECK(killed_by(status_of([fd] { return ::write(fd, "x", 1) == 1 ? 1 : 0; }), SIGXFSZ));
    ::close(fd);
    CHECK(dir.read("out").empty());
}

TEST_CASE("in the sandbox it is nobody") {
    // Asked from outside: the calls to ask are refused there.
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (!enter_sandbox(Seconds(5))) ::_exit(kEntered);
        for (;;) {
        }
    }
    std::string status;
    for (int i = 0; i < 500 && status.find("NoNewPrivs:\t1") == std::string::npos; ++i) {
        ::usleep(10'000);
        std::ifstream in("/proc/" + std::to_string(pid) + "/status");
        status.assign(std::istreambuf_iterator<char>(in), {});
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    CHECK(status.find("NoNewPrivs:\t1") != std::string::npos);
    if (::geteuid() == 0)
        CHECK(status.find("Uid:\t65534\t65534\t65534\t65534") != std::string::npos);
}

TEST_CASE("in the sandbox processor time ends") {
    const int status = status_of(
        [] {
            for (;;) {
            }
            return 0;
        },
        Seconds(1));
    CHECK((killed_by(status, SIGXCPU) || killed_by(status, SIGKILL)));
}

#ifndef KITH_SANITIZER
TEST_CASE("in the sandbox memory has a bound") {
    CHECK(exits_with(status_of([] {
                         void* p = ::mmap(nullptr, std::size_t{600} << 20, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                         return p == MAP_FAILED && errno == ENOMEM ? 0 : 1;
                     }),
                     0));
}

TEST_CASE(
    "in the sandbox a connection, a process, a program, code that was read: each is the end") {
    const auto act = GENERATE(
        std::function<int()>([] { return ::socket(AF_INET, SOCK_STREAM, 0); }),
        std::function<int()>([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }),
        std::function<int()>([] { return static_cast<int>(::fork()); }),
        std::function<int()>([] { return ::execl("/bin/true", "true", nullptr); }),
        std::function<int()>([] { return ::kill(::getppid(), SIGTERM); }), std::function<int()>([] {
            return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                          0) == MAP_FAILED;
        }));
    CHECK(killed_by(status_of(act), SIGSYS));
}
#endif
