// SPDX-License-Identifier: Apache-2.0
#include "milter/socket_guard.hpp"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace kith::milter {
namespace {

static_assert(sizeof(sockaddr_un{}.sun_path) == kMaxSocketPath + 1);

std::string cause(int error_number) { return std::generic_category().message(error_number); }

bool has_prefix(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

/// PORT@ADDRESS with a port of 1-65535 and some address.
bool is_port_at_host(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == 0 || at == std::string_view::npos || at + 1 == text.size() || at > 5) return false;
    unsigned port = 0;
    for (const char c : text.substr(0, at)) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    return port >= 1 && port <= 65535;
}

}  // namespace

Result<SocketSpec> parse_socket(std::string_view text) {
    const auto unix_socket = [&](std::string_view path) -> Result<SocketSpec> {
        if (path.empty() || path.front() != '/')
            return fail(ErrorCode::Config,
                        "milter.socket " + std::string(text) + ": the path must begin with /");
        if (path.size() > kMaxSocketPath)
            return fail(ErrorCode::Config,
                        "milter.socket " + std::string(text) + ": the path has " +
                            std::to_string(path.size()) + " bytes, the system allows " +
                            std::to_string(kMaxSocketPath),
                        "choose a shorter path");
        return SocketSpec{true, std::string(path), "unix:" + std::string(path)};
    };
    if (has_prefix(text, "unix:")) return unix_socket(text.substr(5));
    if (has_prefix(text, "local:")) return unix_socket(text.substr(6));
    if (has_prefix(text, "/")) return unix_socket(text);
    if ((has_prefix(text, "inet:") && is_port_at_host(text.substr(5))) ||
        (has_prefix(text, "inet6:") && is_port_at_host(text.substr(6))))
        return SocketSpec{false, {}, std::string(text)};
    return fail(ErrorCode::Config, "milter.socket " + std::string(text) + ": not a socket",
                "write unix:/path, inet:PORT@ADDRESS or inet6:PORT@ADDRESS");
}

Result<UniqueFd> lock_socket(const SocketSpec& spec) {
    if (!spec.is_unix) return UniqueFd();
    const std::string name = spec.path + ".lock";
    UniqueFd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file)
        return fail(
            ErrorCode::Io, "lock file " + name + ": " + cause(errno),
            "the socket's directory must exist and belong to the user that kith-milter runs as");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(ErrorCode::Unavailable,
                        "socket " + spec.path + ": another kith-milter serves it",
                        "stop that one, or give this one its own milter.socket");
        return fail(ErrorCode::Io, "lock file " + name + ": " + cause(errno));
    }
    return file;
}

Status remove_stale_socket(const SocketSpec& spec) {
    if (!spec.is_unix) return ok();
    struct stat status {};
    if (::lstat(spec.path.c_str(), &status) != 0) {
        if (errno == ENOENT) return ok();
        return fail(ErrorCode::Io, "socket " + spec.path + ": " + cause(errno));
    }
    if (!S_ISSOCK(status.st_mode))
        return fail(ErrorCode::Config,
                    "socket " + spec.path + ": there is a file of that name that is no socket",
                    "remove it or choose another milter.socket");
    if (::unlink(spec.path.c_str()) != 0 && errno != ENOENT)
        return fail(ErrorCode::Io,
                    "socket " + spec.path + ": cannot remove the stale one: " + cause(errno));
    return ok();
}

Status share_socket(const SocketSpec& spec, const std::string& group) {
    if (!spec.is_unix) return ok();
    if (::chmod(spec.path.c_str(), 0660) != 0)
        return fail(ErrorCode::Io,
                    "socket " + spec.path + ": cannot set its mode: " + cause(errno));
    if (group.empty()) return ok();
    std::vector<char> buffer(4096);
    struct group entry {};
    struct group* found = nullptr;
    int error = 0;
    while ((error = ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found)) ==
               ERANGE &&
           buffer.size() < (std::size_t{1} << 20))
        buffer.resize(buffer.size() * 2);
    if (found == nullptr)
        return fail(ErrorCode::NoInput,
                    "group " + group + ": " + (error != 0 ? cause(error) : "does not exist"),
                    "the MTA must share a group with the socket; set milter.socket_group");
    struct stat status {};
    if (::stat(spec.path.c_str(), &status) == 0 && status.st_gid == entry.gr_gid) return ok();
    if (::chown(spec.path.c_str(), static_cast<uid_t>(-1), entry.gr_gid) != 0)
        return fail(
            ErrorCode::Permission,
            "socket " + spec.path + ": cannot give it to group " + group + ": " + cause(errno),
            "add the user that kith-milter runs as to that group");
    return ok();
}

int find_listener(const SocketSpec& spec) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    // Called right after the start, when numbers are low.
    const int highest = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1024));
    for (int fd = 0; fd < highest; ++fd) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
            continue;
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) continue;
        if ((address.ss_family == AF_UNIX) == spec.is_unix) return fd;
    }
    return -1;
}

bool disable_nagle(int listener) {
    const int on = 1;
    return ::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

void knock(int listener) noexcept {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) return;
    // "Any address" as a destination is this machine.
    const UniqueFd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd) (void)::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace kith::milter
