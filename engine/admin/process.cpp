// SPDX-License-Identifier: Apache-2.0
// posix_spawn and one poll loop over both pipes, so that a command that fills one of them cannot
// stall. Covered by tests/unit/admin/process_test.cpp.
#include "engine/admin/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "engine/base/unique_fd.hpp"

namespace kith::admin {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Pipe {
    UniqueFd read, write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::Io, std::string("pipe: ") + std::strerror(errno));
    return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::optional<std::string> find_command(const std::string& name,
                                        const std::vector<std::string>& path) {
    if (!name.empty() && name.front() == '/')
        return ::access(name.c_str(), X_OK) == 0 ? std::optional<std::string>(name) : std::nullopt;
    for (const std::string& directory : path) {
        std::string full = directory + "/" + name;
        if (::access(full.c_str(), X_OK) == 0) return full;
    }
    return std::nullopt;
}

// Owns the file actions of one spawn.
struct FileActions {
    posix_spawn_file_actions_t actions{};
    FileActions() { ::posix_spawn_file_actions_init(&actions); }
    ~FileActions() { ::posix_spawn_file_actions_destroy(&actions); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
};

// `text` as a file that is already unlinked: unlike a pipe it needs nobody who feeds it.
Result<UniqueFd> input_of(const std::string& text) {
    UniqueFd fd(text.empty() ? ::open("/dev/null", O_RDONLY | O_CLOEXEC)
                             : ::memfd_create("kith-input", MFD_CLOEXEC));
    if (fd.get() < 0)
        return fail(ErrorCode::Io, std::string("no input for a command: ") + std::strerror(errno));
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t n = ::write(fd.get(), text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            return fail(ErrorCode::Io,
                        std::string("no input for a command: ") + std::strerror(errno));
        done += static_cast<std::size_t>(n);
    }
    if (!text.empty()) ::lseek(fd.get(), 0, SEEK_SET);
    return fd;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Reads both pipes to their ends into `output`; an error when the deadline or the bound is reached.
Status collect(Pipe& out, Pipe& err, ProcessOutput& output, const ProcessOptions& options,
               SteadyTime deadline, const std::string& name) {
    std::array<pollfd, 2> fds{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
    std::array<std::string*, 2> to{&output.out, &output.err};
    std::array<char, 65536> buffer{};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                              deadline - std::chrono::steady_clock::now())
                              .count();
        if (left <= 0)
            return fail(ErrorCode::TryAgain, name + ": no end after " +
                                                 std::to_string(options.deadline.count()) + " ms");
        if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0) {
            if (errno == EINTR) continue;
            return fail(ErrorCode::Io, std::string("poll: ") + std::strerror(errno));
        }
        for (std::size_t i = 0; i < fds.size(); ++i) {
            if (fds[i].fd < 0 || fds[i].revents == 0) continue;
            const ssize_t n = ::read(fds[i].fd, buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                fds[i].fd = -1;  // poll() ignores it from now on
                continue;
            }
            to[i]->append(buffer.data(), static_cast<std::size_t>(n));
            if (output.out.size() + output.err.size() > options.max_output_bytes)
                return fail(ErrorCode::Full, name + ": says more than " +
                                                 std::to_string(options.max_output_bytes) +
                                                 " bytes");
        }
    }
    return ok();
}

}  // namespace

bool is_installed(const std::string& name, const ProcessOptions& options) {
    return find_command(name, options.path).has_value();
}

Result<ProcessOutput> run_process(const std::vector<std::string>& command,
                                  const ProcessOptions& options) {
    const std::string& name = command.front();
    const std::optional<std::string> program = find_command(name, options.path);
    if (!program)
        return fail(
            ErrorCode::Unavailable, name + ": not installed",
            "where Postfix is elsewhere, name the directory of its commands with --postfix-bin");
    Result<Pipe> out = make_pipe();
    if (!out) return fail(std::move(out).error());
    Result<Pipe> err = make_pipe();
    if (!err) return fail(std::move(err).error());

    Result<UniqueFd> input = input_of(options.input);
    if (!input) return fail(std::move(input).error());

    FileActions files;
    ::posix_spawn_file_actions_adddup2(&files.actions, input->get(), 0);
    ::posix_spawn_file_actions_adddup2(&files.actions, out->write.get(), 1);
    ::posix_spawn_file_actions_adddup2(&files.actions, err->write.get(), 2);

    std::vector<std::string> arguments = command;
    std::vector<char*> argv;
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    std::array<std::string, 2> environment{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    std::array<char*, 3> envp{environment[0].data(), environment[1].data(), nullptr};

    pid_t pid = -1;
    if (const int rc = ::posix_spawn(&pid, program->c_str(), &files.actions, nullptr, argv.data(),
                                     envp.data());
        rc != 0)
        return fail(ErrorCode::Io, *program + ": " + std::strerror(rc));
    out->write.reset();
    err->write.reset();

    ProcessOutput output;
    const Status collected = collect(*out, *err, output, options,
                                     std::chrono::steady_clock::now() + options.deadline, name);
    if (!collected) {
        ::kill(pid, SIGKILL);
        (void)wait_for(pid);
        return fail(collected.error());
    }
    output.status = wait_for(pid);
    return output;
}

}  // namespace kith::admin
