// SPDX-License-Identifier: Apache-2.0
#include "engine/base/owned.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {
namespace {

constexpr mode_t kDirectoryMode = 0750;

}  // namespace

std::string parent_of(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

Status give_to_owner_of_directory(int fd, const std::string& path) {
    if (::geteuid() != 0) return ok();
    struct stat directory {};
    if (::stat(parent_of(path).c_str(), &directory) != 0 ||
        ::fchown(fd, directory.st_uid, directory.st_gid) != 0)
        return os_fail(path + ": cannot give it to the owner of its directory", errno);
    return ok();
}

Unexpected cannot_create(const std::string& path, int error_number) {
    const std::string parent = parent_of(path);
    std::string hint;
    if (error_number == ENOENT)
        hint = parent + " is missing: systemd-tmpfiles --create makes that of the package; else " +
               "install -d -o _kith -g _kith -m 0750 " + parent;
    else if (os_error_code(error_number) == ErrorCode::Permission)
        hint = "run it as root or as the user _kith";
    return os_fail("cannot create " + path, error_number, std::move(hint));
}

Status make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), kDirectoryMode) != 0)
        return errno == EEXIST ? ok() : Status(cannot_create(path, errno));
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return os_fail(path, errno);
    return give_to_owner_of_directory(fd.get(), path);
}

}  // namespace kith
