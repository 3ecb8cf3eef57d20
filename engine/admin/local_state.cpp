// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/local_state_test.cpp.
#include "engine/admin/local_state.hpp"

#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/assess/in_use.hpp"
#include "engine/assess/mode.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/status_line.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith::admin {
namespace {

constexpr int kConnectMilliseconds = 2000;
constexpr const char* kRunAs = "run it as root, or to look only as a member of the group _kith";
// Below this a record of a large mail, or a part of a large message, may not fit any more.
constexpr std::uint64_t kLeastRoom = 4ULL << 20;

Unexpected refused(const std::string& what, int number) {
    if (number == ECONNREFUSED || number == ETIMEDOUT || number == EHOSTUNREACH)
        return fail(ErrorCode::Unavailable, what + ": " + std::strerror(number));
    return os_fail(what, number);
}

// Connects without waiting longer than kConnectMilliseconds; 0 or the error number.
int connect_within(int fd, const sockaddr* address, socklen_t size) {
    if (::connect(fd, address, size) == 0) return 0;
    if (errno != EINPROGRESS && errno != EAGAIN) return errno;
    pollfd p{fd, POLLOUT, 0};
    if (::poll(&p, 1, kConnectMilliseconds) <= 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
    return error;
}

Status connect_local(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::Config, path + ": longer than a socket's name can be");
    path.copy(address.sun_path, path.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return refused("socket", errno);
    const int error =
        connect_within(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return error == 0 ? ok() : Status(refused("unix:" + path, error));
}

Status connect_internet(const SocketName& socket) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    const std::string host = socket.host == "0.0.0.0" ? "127.0.0.1"
                             : socket.host == "::"    ? "::1"
                                                      : socket.host;
    const std::string name = "inet:" + socket.port + "@" + host;
    addrinfo* found = nullptr;
    if (const int rc = ::getaddrinfo(host.c_str(), socket.port.c_str(), &hints, &found); rc != 0)
        return fail(ErrorCode::Unavailable, name + ": " + ::gai_strerror(rc));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
    int error = EHOSTUNREACH;
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
        const UniqueFd fd(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd) continue;
        error = connect_within(fd.get(), a->ai_addr, a->ai_addrlen);
        if (error == 0) return ok();
    }
    return refused(name, error);
}

struct User {
    std::string name;
    uid_t uid = 0;
    std::vector<gid_t> groups;  // the first is the primary one
};

Result<User> find_user(const std::string& name) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return fail(ErrorCode::NoInput, "no user " + name);
    User user;
    user.name = name;
    user.uid = entry.pw_uid;
    int count = 256;
    user.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name.c_str(), entry.pw_gid, user.groups.data(), &count) < 0)
        return fail(ErrorCode::Io, "cannot list the groups of " + name);
    user.groups.resize(static_cast<std::size_t>(count));
    return user;
}

Result<User> owner_of(const std::string& directory) {
    struct stat s {};
    if (::stat(directory.c_str(), &s) != 0) return refused(directory, errno);
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(s.st_uid, &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return User{std::to_string(s.st_uid), s.st_uid, {s.st_gid}};
    return find_user(found->pw_name);
}

// Mode bits as access(2) would judge them for that user; access lists are not looked at.
bool may(const User& user, const struct stat& s, mode_t wanted) {
    if (user.uid == 0) return true;
    if (s.st_uid == user.uid) return (s.st_mode >> 6 & wanted) == wanted;
    if (std::find(user.groups.begin(), user.groups.end(), s.st_gid) != user.groups.end())
        return (s.st_mode >> 3 & wanted) == wanted;
    return (s.st_mode & wanted) == wanted;
}

}  // namespace

std::string learner_unit(std::string_view tenant) {
    return "kith-learner" + (tenant.empty() ? "" : "@" + std::string(tenant));
}

Result<bool> learner_running(const StoreOptions& store) {
    const std::string path = store.directory + "/writer.lock";
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT || errno == ENOTDIR) return false;
        return refused(path, errno);
    }
    // A learner that starts in the very moment of this shared lock gives up and is started again by
    // systemd.
    if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
        (void)::flock(fd.get(), LOCK_UN);
        return false;
    }
    if (errno == EWOULDBLOCK) return true;
    return refused(path, errno);
}

Status connect_to(const SocketName& socket) {
    return socket.local ? connect_local(socket.path) : connect_internet(socket);
}

Status user_reaches(const std::string& path, const std::string& name) {
    const Result<User> user = find_user(name);
    if (!user) return fail(user.error());
    struct stat s {};
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        const std::string directory = path.substr(0, at);
        if (::stat(directory.c_str(), &s) != 0) return refused(directory, errno);
        if (!may(*user, s, 1))
            return fail(ErrorCode::Permission, name + " may not pass the directory " + directory);
    }
    if (::stat(path.c_str(), &s) != 0) return refused(path, errno);
    if (!may(*user, s, 2)) return fail(ErrorCode::Permission, name + " may not write to " + path);
    return ok();
}

Status connects_from(const std::string& root, const std::string& path, const std::string& name) {
    const Result<User> user = find_user(name);
    if (!user) return fail(user.error());
    if (::geteuid() != 0)
        return fail(ErrorCode::Permission, "only root may look from inside " + root);
    const pid_t child = ::fork();
    if (child < 0) return os_fail("cannot make a process", errno);
    if (child == 0) {
        // The child ends with an error number, 0 when it got through.
        const bool inside = ::chroot(root.c_str()) == 0 && ::chdir("/") == 0 &&
                            ::setgroups(user->groups.size(), user->groups.data()) == 0 &&
                            ::setgid(user->groups.front()) == 0 && ::setuid(user->uid) == 0;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (!inside || path.size() >= sizeof address.sun_path)
            ::_exit(inside ? ENAMETOOLONG : errno);
        path.copy(address.sun_path, path.size());
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ::_exit(fd < 0 ? errno
                       : connect_within(fd, reinterpret_cast<const sockaddr*>(&address),
                                        sizeof address));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status)) return fail(ErrorCode::Io, "the process inside " + root + " died");
    if (WEXITSTATUS(status) == 0) return ok();
    return refused(name + " inside " + root + ": " + path, WEXITSTATUS(status));
}

Status readable(const std::string& path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return refused(path, errno);
    const int mode = S_ISDIR(s.st_mode) ? R_OK | X_OK : R_OK;
    if (::access(path.c_str(), mode) != 0) return refused(path, errno);
    return ok();
}

Status services_write(const std::string& directory, const std::string& state_directory) {
    struct stat s {};
    if (::stat(directory.c_str(), &s) != 0) {
        const int number = errno;
        return os_fail(
            directory, number,
            os_error_code(number) == ErrorCode::NoInput
                ? "create it for the user of the services: systemd-tmpfiles --create, or "
                  "systemctl restart kith-learner kith-milter (a tenant's: kith-learner@NAME)"
                : kRunAs);
    }
    if (!S_ISDIR(s.st_mode)) return fail(ErrorCode::Io, directory + ": not a directory");
    const Result<User> user = owner_of(state_directory);
    if (user && !may(*user, s, 3))
        return fail(ErrorCode::Io, directory + ": " + user->name + " may not make files in it",
                    "chown " + user->name + " " + directory + "; chmod u+rwx " + directory);
    struct statvfs room {};
    if (::statvfs(directory.c_str(), &room) != 0) return os_fail(directory, errno);
    if ((room.f_flag & ST_RDONLY) != 0)
        return fail(ErrorCode::Io, directory + ": its file system is mounted read-only",
                    "mount it writable");
    if (room.f_bavail * room.f_frsize < kLeastRoom || (room.f_files > 0 && room.f_favail == 0))
        return fail(ErrorCode::Full, directory + ": no space left", "free disk space");
    return ok();
}

Status mail_is_recorded(const Config& config, bool milter_reachable) {
    // What a milter that is gone has left there tells nothing about now.
    if (milter_reachable) {
        const auto said = read_status_line(config.milter.trouble_file);
        if (said && *said)
            return fail(ErrorCode::Io, "kith-milter cannot record mail in " +
                                           config.journal.directory + " since " +
                                           iso8601((*said)->since) + ": " + (*said)->text);
    }
    const Status writes = services_write(config.journal.directory, parent_of(config.secret_file));
    if (writes) return ok();
    return fail(writes.error().code,
                "kith-milter cannot record mail: journal " + writes.error().what,
                writes.error().hint);
}

Status milter_is_current(const Config& config) {
    if (!config.tenant.empty()) return ok();  // told by the site's own status
    const Result<std::optional<InUse>> in_use = read_in_use(config);
    if (!in_use) return fail(in_use.error());
    if (!*in_use) return ok();
    const std::string since = iso8601((*in_use)->since), modes = modes_text(config);
    if ((*in_use)->settings != settings_digest(config))
        return fail(ErrorCode::Config,
                    "kith-milter goes by configuration and models as they were at " + since +
                        ((*in_use)->modes == modes
                             ? std::string(", the files have changed since")
                             : ", mode " + (*in_use)->modes + "; the files say " + modes),
                    "systemctl reload kith-milter");
    if (!(*in_use)->restart.empty())
        return fail(ErrorCode::Config,
                    "since the reload at " + since +
                        " these keys wait for a restart: " + (*in_use)->restart,
                    "systemctl restart the service that each is named after; kith-milter and "
                    "kith-learner for all others");
    return ok();
}

Status mail_is_learned(const Config& config) {
    const auto said = read_status_line(config.learner.trouble_file);
    if (!said || !*said) return ok();
    return fail(ErrorCode::Io, "kith-learner learns nothing since " + iso8601((*said)->since) +
                                   ", mail is not affected: " + (*said)->text);
}

bool accounts_in_use(const Config& config) {
    const auto said = read_status_line(config.accounts.trouble_file);
    return said || said.error().code != ErrorCode::NoInput;
}

Status events_are_recorded(const Config& config) {
    if (!accounts_in_use(config)) return ok();
    if (const Status answers = connect_to(parse_socket_name(config.accounts.listen)); !answers)
        return fail(
            answers.error().code,
            "kith-accounts does not answer, people log in all the same: " + answers.error().what,
            "systemctl start kith-accounts; where it is not wanted remove " +
                config.accounts.trouble_file);
    const auto said = read_status_line(config.accounts.trouble_file);
    if (!said) return fail(said.error());
    if (!*said) return ok();
    return fail(ErrorCode::Unavailable, "events on accounts are not recorded since " +
                                            iso8601((*said)->since) + ": " + (*said)->text);
}

Status may_look(const Config& config) {
    for (const std::string& path :
         {config.secret_file, config.store.directory, config.journal.directory}) {
        const Status looked = readable(path);
        if (!looked && looked.error().code == ErrorCode::Permission)
            return fail(ErrorCode::Permission, looked.error().what, kRunAs);
    }
    return ok();
}

}  // namespace kith::admin
