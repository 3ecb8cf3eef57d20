// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/write_all.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxState = 4U << 20U;
constexpr std::chrono::seconds kLockWait{5};

}  // namespace

Result<std::string> read_small(const std::string& path, std::size_t max) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return os_fail("cannot read " + path, errno);
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
    {
        const UniqueFd fd(
            ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
        if (!fd) return cannot_create(beside, errno);
        Status written = ok();
        if (whom == FileFor::Services) written = give_to_owner_of_directory(fd.get(), beside);
        if (const int error = written ? write_all(fd.get(), text) : 0; error != 0)
            written = os_fail("cannot write " + beside, error);
        if (written && ::fsync(fd.get()) != 0) written = os_fail("cannot write " + beside, errno);
        if (written && ::rename(beside.c_str(), path.c_str()) != 0)
            written = os_fail("cannot replace " + path, errno);
        if (written) return ok();
        ::unlink(beside.c_str());
        return written;
    }
}

Result<StateFile> StateFile::open(const std::string& path) {
    const std::string lock_path = path + ".lock";
    UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (lock.get() < 0) {
        if (errno == EACCES)
            return fail(ErrorCode::Permission, "cannot write " + lock_path,
                        "run it as root or as the user _kith");
        return cannot_create(lock_path, errno);
    }
    (void)give_to_owner_of_directory(lock.get(), lock_path);
    const auto deadline = std::chrono::steady_clock::now() + kLockWait;
    while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return os_fail("cannot lock " + lock_path, errno);
        if (std::chrono::steady_clock::now() > deadline)
            return fail(ErrorCode::TryAgain, "another command works with " + path);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const Result<std::string> text = read_small(path, kMaxState);
    if (!text && text.error().code != ErrorCode::NoInput && text.error().code != ErrorCode::Full)
        return fail(text.error());
    Json json = text ? Json::parse(*text, nullptr, false) : Json::object();
    if (!json.is_object()) json = Json::object();
    return StateFile(path, std::move(lock), std::move(json));
}

Status StateFile::save() const { return write_whole(path_, json_text(json_, 1) + "\n"); }

std::string string_at(const Json& j, const char* key) {
    const auto it = j.find(key);
    return j.is_object() && it != j.end() && it->is_string() ? it->get<std::string>()
                                                             : std::string();
}

std::int64_t number_at(const Json& j, const char* key) {
    const auto it = j.find(key);
    return j.is_object() && it != j.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

}  // namespace kith::admin
