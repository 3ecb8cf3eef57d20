// SPDX-License-Identifier: Apache-2.0
// posix_spawn, because the caller may have threads; a pidfd, because a child may close its output
// and live on.
#include "engine/documents/extract.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/write_all.hpp"

namespace kith {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Kills and reaps the child unless it has been reaped.
class Child {
public:
    // The C library's wrapper of Debian 12 cannot be linked from C++.
    explicit Child(pid_t pid)
        : pid_(pid), fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    ~Child() {
        if (pid_ > 0) (void)end(SIGKILL);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Exit status, or 128 + signal. `signal` 0: it has ended by itself.
    int end(int signal) {
        if (signal != 0) ::kill(pid_, signal);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t pid_;
    UniqueFd fd_;
};

struct SpawnSettings {
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
};

/// Waits until the child has ended, its answer in `out`; false at the deadline, and when it says
/// more than it may.
bool wait_for_end(const Child& child, int from, SteadyTime deadline, std::string& out) {
    std::array<pollfd, 2> fds{{{from, POLLIN, 0}, {child.fd(), POLLIN, 0}}};
    std::array<char, 16384> buffer{};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                              deadline - std::chrono::steady_clock::now())
                              .count();
        if (left <= 0) return false;
        if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        if (fds[0].fd >= 0 && fds[0].revents != 0) {
            const ssize_t n = ::read(from, buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0)
                fds[0].fd = -1;  // poll() ignores it from now on
            else
                out.append(buffer.data(), static_cast<std::size_t>(n));
            if (out.size() > kMaxAnswerBytes) return false;
        } else if (fds[1].fd >= 0 && fds[1].revents != 0) {
            fds[1].fd = -1;
        }
    }
    return true;
}

// kith is installed to bin, everything else to sbin.
std::string beside_this_program(std::string_view name) {
    std::array<char, 4096> path{};
    const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
    const std::string_view self(path.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    const std::string folder(self.substr(0, self.rfind('/') + 1));
    const std::string beside = folder + std::string(name);
    return ::access(beside.c_str(), X_OK) == 0 ? beside : folder + "../sbin/" + std::string(name);
}

struct Ended {
    int status = 0;  ///< exit status, or 128 + signal
    bool in_time = false;
    std::string output;
};

/// `in` becomes its standard input; nothing else of ours is left to it, not even the environment.
Result<Ended> run(const std::string& program, const std::string& argument, int in,
                  Seconds deadline) {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) return os_fail("pipe for kith-extract", errno);
    const UniqueFd from(fds[0]);
    UniqueFd to(fds[1]);
    SpawnSettings settings;
    ::posix_spawn_file_actions_adddup2(&settings.files, in, 0);
    ::posix_spawn_file_actions_adddup2(&settings.files, to.get(), 1);
    ::posix_spawn_file_actions_addopen(&settings.files, 2, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&settings.files, 3);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT}) sigaddset(&usual, signal);
    ::posix_spawnattr_setsigmask(&settings.attributes, &none);
    ::posix_spawnattr_setsigdefault(&settings.attributes, &usual);
    ::posix_spawnattr_setflags(&settings.attributes,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = program, what = argument, seconds = std::to_string(deadline.count());
    std::array<char*, 4> argv{name.data(), what.data(), seconds.data(), nullptr};
    std::array<char*, 1> envp{nullptr};
    pid_t pid = -1;
    if (const int rc = ::posix_spawn(&pid, program.c_str(), &settings.files, &settings.attributes,
                                     argv.data(), envp.data());
        rc != 0)
        return os_fail("cannot start " + program, rc);
    to.reset();
    Child child(pid);
    if (child.fd() < 0) return os_fail("pidfd of kith-extract", errno);
    Ended ended;
    ended.in_time =
        wait_for_end(child, from.get(), std::chrono::steady_clock::now() + deadline, ended.output);
    ended.status = child.end(ended.in_time ? 0 : SIGKILL);
    return ended;
}

}  // namespace

Result<Extractor> Extractor::open(const AttachmentOptions& options) {
    const std::string program =
        options.program.empty() ? beside_this_program("kith-extract") : options.program;
    const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing) return os_fail("cannot open /dev/null", errno);
    auto checked = run(program, "check", nothing.get(), options.deadline);
    if (!checked)
        return fail(ErrorCode::Unavailable, checked.error().what,
                    "install kith-extract, or name it with attachments.program");
    if (!checked->in_time || checked->status != 0)
        return fail(ErrorCode::Unavailable,
                    program + ": its sandbox does not work here (status " +
                        std::to_string(checked->status) + ")",
                    "it needs seccomp; attachments.read: no ends this message");
    return Extractor(program, options.deadline);
}

Result<ExtractedText> Extractor::text_of(int fd, DocumentKind kind) const {
    if (::lseek(fd, 0, SEEK_SET) < 0) return os_fail("document for kith-extract", errno);
    auto ended = run(program_, std::string(to_string(kind)), fd, deadline_);
    if (!ended) return fail(ended.error());
    const ExtractedText killed{ReadOutcome::Killed, {}};
    if (!ended->in_time || ended->status != 0) return killed;
    auto answer = decode_answer(ended->output);
    return answer ? std::move(*answer) : killed;
}

Result<ExtractedText> Extractor::text_of(std::string_view bytes, DocumentKind kind) const {
    const UniqueFd file(::memfd_create("document", MFD_CLOEXEC));
    if (!file) return os_fail("memory file for a document", errno);
    if (const int failure = write_all(file.get(), bytes); failure != 0)
        return os_fail("memory file for a document", failure);
    return text_of(file.get(), kind);
}

}  // namespace kith
