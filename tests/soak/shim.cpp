// SPDX-License-Identifier: Apache-2.0
// Loaded into a program by LD_PRELOAD, it provokes faults at exact moments, or where nothing from
// outside could:
//   KITH_SOAK_DIE_AT=N    the process dies of SIGKILL instead of its Nth write into a data.mdb: in
//                         the middle of a commit
//   KITH_SOAK_CLOCK=FILE  the time of day is off by the number of seconds (8 bytes, signed) in
//   FILE,
//                         which may change while the program runs; other clocks are right
//   KITH_SOAK_DISK=DIR    nothing can be written below DIR while DIR.full or DIR.ro exists: no
//   space left, or a
//                         read-only file system; for where no file system of its own can be mounted
// Calls the kernel itself, so that it depends on nothing that may not be initialised yet.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::atomic<long> g_writes_to_live{-1};  // -1: for ever

using Path = std::array<char, 512>;

std::string_view path_of(int fd, Path& path) {
    std::array<char, 64> link{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    const ssize_t n = ::readlink(link.data(), path.data(), path.size());
    return {path.data(), n < 0 ? 0 : static_cast<std::size_t>(n)};
}

bool is_store(int fd) {
    Path path{};
    return path_of(fd, path).ends_with("/data.mdb");
}

/// What is wrong with the disk that `path` is on: ENOSPC, EROFS or 0.
int disk_trouble(std::string_view path) {
    const char* const directory = std::getenv("KITH_SOAK_DISK");
    if (directory == nullptr || !path.starts_with(directory)) return 0;
    Path mark{};
    std::snprintf(mark.data(), mark.size(), "%s.full", directory);
    if (::access(mark.data(), F_OK) == 0) return ENOSPC;
    std::snprintf(mark.data(), mark.size(), "%s.ro", directory);
    return ::access(mark.data(), F_OK) == 0 ? EROFS : 0;
}

/// True, with errno set, when nothing can be written to the file.
bool refuses_writing(int fd) {
    Path path{};
    const int trouble = disk_trouble(path_of(fd, path));
    if (trouble != 0) errno = trouble;
    return trouble != 0;
}

/// A full disk has no room for new files, one that is read-only opens none for writing.
bool refuses_opening(int directory, const char* name, int flags) {
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) == 0) return false;
    Path parent{}, whole{};
    if (name[0] == '/')
        std::snprintf(whole.data(), whole.size(), "%s", name);
    else
        std::snprintf(whole.data(), whole.size(), "%s/%s",
                      std::string(path_of(directory, parent)).c_str(), name);
    const int trouble = disk_trouble(whole.data());
    if (trouble == 0 || (trouble == ENOSPC && ::access(whole.data(), F_OK) == 0)) return false;
    errno = trouble;
    return true;
}

void count_write(int fd) {
    if (g_writes_to_live.load() < 0 || !is_store(fd)) return;
    if (g_writes_to_live.fetch_sub(1) <= 1) ::kill(::getpid(), SIGKILL);
}

const volatile std::int64_t* clock_offset() {
    static const volatile std::int64_t* const offset = [] {
        const char* file = std::getenv("KITH_SOAK_CLOCK");
        const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return static_cast<const std::int64_t*>(nullptr);
        void* map = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
        ::close(fd);
        return map == MAP_FAILED ? nullptr : static_cast<const std::int64_t*>(map);
    }();
    return offset;
}

[[gnu::constructor]] void read_order() {
    if (const char* at = std::getenv("KITH_SOAK_DIE_AT"); at != nullptr)
        g_writes_to_live = std::atol(at);
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
    count_write(fd);
    if (refuses_writing(fd)) return -1;
    return ::syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t writev(int fd, const iovec* pieces, int count) {
    count_write(fd);
    if (refuses_writing(fd)) return -1;
    return ::syscall(SYS_writev, fd, pieces, count);
}

int openat(int directory, const char* name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (refuses_opening(directory, name, flags)) return -1;
    return static_cast<int>(::syscall(SYS_openat, directory, name, flags, mode));
}

int open(const char* name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return openat(AT_FDCWD, name, flags, mode);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    const long rc = ::syscall(SYS_clock_gettime, clock, now);
    const bool of_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (rc == 0 && of_day && clock_offset() != nullptr) now->tv_sec += *clock_offset();
    return static_cast<int>(rc);
}

time_t time(time_t* now) noexcept {
    timespec read{};
    (void)clock_gettime(CLOCK_REALTIME, &read);
    if (now != nullptr) *now = read.tv_sec;
    return read.tv_sec;
}

int gettimeofday(timeval* now, void*) noexcept {
    timespec read{};
    (void)clock_gettime(CLOCK_REALTIME, &read);
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return 0;
}
}
