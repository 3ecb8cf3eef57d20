// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/log_follower.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "engine/base/os_error.hpp"
#include "engine/intake/log_line_reader.hpp"

namespace kith {

void LineCutter::add(std::string_view bytes, const std::function<void(std::string_view)>& line) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        if (!skipping_ && rest_.size() + part.size() <= kMaxLogLine) {
            rest_ += part;
        } else {
            rest_.clear();
            skipping_ = true;
        }
        if (end == std::string_view::npos) return;
        if (!skipping_) line(rest_);
        reset();
        bytes.remove_prefix(end + 1);
    }
}

Status LogFollower::open_file(bool at_start) {
    fd_.reset(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd_) return os_fail(file_, errno, "accounts.log_file");
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return os_fail(file_, errno);
    device_ = status.st_dev;
    inode_ = status.st_ino;
    offset_ = at_start ? std::max<off_t>(0, status.st_size - kBeforeEnd) : 0;
    skip_first_ = offset_ > 0;
    cutter_.reset();
    begun_ = true;
    return ok();
}

Result<bool> LogFollower::read_new(const std::function<void(std::string_view)>& line) {
    std::string buffer(64U << 10, '\0');
    std::size_t total = 0;
    while (total < kAtOnce) {
        const ssize_t n = ::pread(fd_.get(), buffer.data(), buffer.size(), offset_);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_fail(file_, errno);
        if (n == 0) return true;
        offset_ += n;
        total += static_cast<std::size_t>(n);
        cutter_.add({buffer.data(), static_cast<std::size_t>(n)}, [&](std::string_view one) {
            if (!std::exchange(skip_first_, false)) line(one);
        });
    }
    return false;
}

Status LogFollower::poll(const std::function<void(std::string_view)>& line) {
    if (!fd_)
        if (Status opened = open_file(!begun_); !opened) return opened;
    struct stat now {};
    if (::fstat(fd_.get(), &now) != 0) return os_fail(file_, errno);
    if (now.st_size < offset_) {  // cut and begun anew
        offset_ = 0;
        cutter_.reset();
    }
    const auto all = read_new(line);
    if (!all) return fail(all.error());
    struct stat named {};
    if (!*all || ::stat(file_.c_str(), &named) != 0 ||
        (named.st_dev == device_ && named.st_ino == inode_))
        return ok();  // between two names the old file may still grow
    // What was written between the last look and the rename.
    if (const auto rest = read_new(line); !rest) return fail(rest.error());
    if (Status opened = open_file(false); !opened) return opened;
    const auto begun = read_new(line);
    return begun ? ok() : Status(fail(begun.error()));
}

}  // namespace kith
