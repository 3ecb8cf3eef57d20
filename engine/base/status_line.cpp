// SPDX-License-Identifier: Apache-2.0
#include "engine/base/status_line.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxBytes = 4096;

}  // namespace

Status write_status_line(const std::string& file, const std::string& text) {
    std::string line = text.substr(0, kMaxBytes - 1);
    std::replace(line.begin(), line.end(), '\n', ' ');
    if (!line.empty()) line += '\n';
    const std::string unfinished = file + ".new";
    const UniqueFd fd(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!fd) return os_fail(unfinished, errno);
    const ssize_t n = ::write(fd.get(), line.data(), line.size());
    if (n != static_cast<ssize_t>(line.size())) return os_fail(unfinished, n < 0 ? errno : ENOSPC);
    if (std::rename(unfinished.c_str(), file.c_str()) != 0) return os_fail(file, errno);
    return ok();
}

Result<std::optional<StatusLine>> read_status_line(const std::string& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return os_fail(file, errno);
    struct stat status {};
    std::array<char, kMaxBytes> bytes{};
    const ssize_t n = ::read(fd.get(), bytes.data(), bytes.size());
    if (n < 0 || ::fstat(fd.get(), &status) != 0) return os_fail(file, errno);
    std::string text(bytes.data(), static_cast<std::size_t>(n));
    text = text.substr(0, text.find('\n'));
    if (text.empty()) return std::optional<StatusLine>();
    return std::optional(StatusLine{std::move(text), from_unix(status.st_mtim.tv_sec)});
}

}  // namespace kith
