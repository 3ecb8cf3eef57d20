// SPDX-License-Identifier: Apache-2.0
// Another process for tests of what several processes do to one file, or of what ends a process.
// The child runs a function and leaves by _exit: no Catch2 assertion belongs in it, its result is
// its exit status.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace kith::test {

/// How a child ended.
struct Ending {
    int exit_code = -1;  ///< -1 when a signal ended it
    int signal = 0;
};

/// A forked child; killed and reaped at the end. Not copyable.
class ChildProcess {
public:
    template <class Function>
    explicit ChildProcess(Function function) : pid_(::fork()) {
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            int code = 125;
            try {
                code = function();
            } catch (...) {  // must not unwind into the copy of the test
                code = 126;
            }
            ::_exit(code);
        }
    }
    ~ChildProcess() {
        if (pid_ > 0) {
            kill();
            wait();
        }
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void kill(int signal = SIGKILL) const { ::kill(pid_, signal); }
    Ending wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        if (WIFEXITED(status)) return {WEXITSTATUS(status), 0};
        return {-1, WTERMSIG(status)};
    }

private:
    pid_t pid_;
};

/// One byte from process to process: "I am there now".
class Signpost {
public:
    Signpost() {
        if (::pipe(ends_) != 0) throw std::runtime_error("pipe failed");
    }
    ~Signpost() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    Signpost(const Signpost&) = delete;
    Signpost& operator=(const Signpost&) = delete;

    void reach() const {
        const char byte = 1;
        (void)!::write(ends_[1], &byte, 1);
    }
    void await() const {
        char byte = 0;
        while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
        }
    }

private:
    int ends_[2] = {-1, -1};
};

/// Runs `function` in a child and waits for it.
template <class Function>
Ending in_child(Function function) {
    return ChildProcess(std::move(function)).wait();
}

}  // namespace kith::test
