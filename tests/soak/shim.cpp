// SPDX-License-Identifier: Apache-2.0
// Loaded into a program by LD_PRELOAD, it provokes two faults at exact moments that nothing from
// outside could hit:
//   KITH_SOAK_DIE_AT=N    the process dies of SIGKILL instead of its Nth write into a data.mdb: in
//                         the middle of a commit
//   KITH_SOAK_CLOCK=FILE  the time of day is off by the number of seconds (8 bytes, signed) in
//   FILE,
//                         which may change while the program runs; other clocks are right
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
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

std::atomic<long> g_writes_to_live{-1};  // -1: for ever

bool is_store(int fd) {
    std::array<char, 64> link{};
    std::array<char, 512> target{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    const ssize_t n = ::readlink(link.data(), target.data(), target.size());
    return n > 0 &&
           std::string_view(target.data(), static_cast<std::size_t>(n)).ends_with("/data.mdb");
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
    return ::syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t writev(int fd, const iovec* pieces, int count) {
    count_write(fd);
    return ::syscall(SYS_writev, fd, pieces, count);
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
