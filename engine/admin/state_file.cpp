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
#include "engine/base/whole_file.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxState = 4U << 20U;
constexpr std::chrono::seconds kLockWait{5};

}  // namespace

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
