// SPDX-License-Identifier: Apache-2.0
#include "engine/config/file_text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "engine/base/unique_fd.hpp"
#include "engine/config/yaml.hpp"

namespace kith {
namespace {

/// Files of one directory.
constexpr std::size_t kMaxFiles = 1000;

Unexpected refused(std::string reason) { return fail(ErrorCode::Io, std::move(reason)); }

}  // namespace

Result<std::string> read_config_file(const std::string& file) {
    // O_NONBLOCK: a FIFO must be refused, not waited for.
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        return refused(std::string("cannot be opened: ") + std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return refused("is not a regular file");
    if ((status.st_mode & S_IWOTH) != 0)
        return refused("everybody may write it; run chmod o-w on it");
    const std::size_t limit = YamlLimits{}.max_bytes + 1;
    std::string text(limit, '\0');
    std::size_t filled = 0;
    while (filled < limit) {
        const ssize_t n = ::read(fd.get(), text.data() + filled, limit - filled);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return refused(std::string("cannot be read: ") + std::strerror(errno));
        if (n == 0) break;
        filled += static_cast<std::size_t>(n);
    }
    text.resize(filled);
    return text;
}

ConfigDirectory list_config_directory(const std::string& directory) {
    ConfigDirectory out;
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        if (errno != ENOENT)
            out.problems.emplace_back(directory,
                                      std::string("cannot be read: ") + std::strerror(errno));
        return out;
    }
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_IWOTH) != 0) {
        out.problems.emplace_back(directory, "everybody may write into it; run chmod o-w on it");
        return out;
    }
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.empty() || name.front() == '.') continue;
        if (at->path().extension() == ".yml")
            out.problems.emplace_back(at->path().string(), "is not read; name it .yaml");
        if (at->path().extension() == ".yaml") out.files.push_back(at->path().string());
    }
    if (error) out.problems.emplace_back(directory, "cannot be read: " + error.message());
    if (out.files.size() > kMaxFiles) {
        out.problems.emplace_back(directory, fmt::format("more than {} files", kMaxFiles));
        out.files.clear();
    }
    std::sort(out.files.begin(), out.files.end());
    return out;
}

}  // namespace kith
