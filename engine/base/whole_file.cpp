// SPDX-License-Identifier: Apache-2.0
#include "engine/base/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/write_all.hpp"

namespace kith {

Result<std::string> read_small(const std::string& path, std::size_t max) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return os_fail("cannot read " + path, errno);
    std::string out(max + 1, '\0');
    std::size_t n = 0;
    while (n < out.size()) {
        const ssize_t got = ::read(fd.get(), out.data() + n, out.size() - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_fail("cannot read " + path, errno);
        if (got == 0) break;
        n += static_cast<std::size_t>(got);
    }
    if (n > max) return fail(ErrorCode::Full, path + " is larger than " + std::to_string(max));
    out.resize(n);
    return out;
}

Status write_whole(const std::string& path, std::string_view text, FileFor whom) {
    const std::string beside = path + ".new" + std::to_string(::getpid());
    const mode_t mode = whom == FileFor::Services ? 0640 : 0644;
    const UniqueFd fd(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return cannot_create(beside, errno);
    Status written = ok();
    if (whom == FileFor::Services) written = give_to_owner_of_directory(fd.get(), beside);
    if (const int error = written ? write_all(fd.get(), text) : 0; error != 0)
        written = os_fail("cannot write " + beside, error);
    if (written && ::fsync(fd.get()) != 0) written = os_fail("cannot write " + beside, errno);
    if (written && std::rename(beside.c_str(), path.c_str()) != 0)
        written = os_fail("cannot replace " + path, errno);
    if (!written) ::unlink(beside.c_str());
    return written;
}

}  // namespace kith
